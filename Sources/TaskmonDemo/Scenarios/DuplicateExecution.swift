import CeleryProtocol
import TaskmonUnits

extension Scenario {
  /// Messages are handed out again while their first run goes on, and both runs charge the card.
  static let duplicateExecution = Scenario(
    name: "duplicate-execution",
    summary:
      "billing.settle is started twice, by two workers, all the time: look at the Tasks view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind(
          "billing.settle", queue: "settlement", hardLimit: 300, acksLate: true,
          runtime: 8...10,
          arguments: { random in [.string("inv-\(random.whole(10_000...99_999))")] }))
      for _ in 0..<2 { fleet.recruit(for: "settlement", slots: 8, at: now) }
    },
    acts: [
      Act(every: .seconds(4)) { fleet, now in
        let (first, second) = (fleet.workers.count - 2, fleet.workers.count - 1)
        for task in fleet.unfinished { fleet.handOutAgain(task, to: second, at: now) }
        fleet.unfinished = [fleet.hand("billing.settle", to: first, at: now)].compactMap(\.self)
      }
    ])
}
