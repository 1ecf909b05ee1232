import CeleryProtocol
import TaskmonUnits

extension Scenario {
  /// A whole file travels in a message; it waits behind long tasks, for a moment that is to come.
  static let oversizedMessage = Scenario(
    name: "oversized-message",
    summary: "reports.merge gets a file of 1.3 MiB as its argument: look at the Queues view",
    prepare: { fleet, now in
      fleet.shop.kinds += [
        TaskKind("files.scan", queue: "files", hardLimit: 7200, runtime: 3600...3600),
        TaskKind("reports.merge", queue: "files", runtime: 0.2...0.5),
      ]
      let busy = fleet.recruit(for: "files", slots: 1, at: now) { $0.multiplier = 1 }
      for _ in 0..<2 { fleet.hand("files.scan", to: busy, at: now) }
    },
    acts: [
      Act { fleet, now in
        fleet.publish("reports.merge", at: now) { task in
          task.arguments = [.string(String(repeating: "10042;shipped|", count: 97_000))]
          task.eta = now + .minutes(50)
        }
      }
    ])
}
