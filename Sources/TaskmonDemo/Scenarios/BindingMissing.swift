import TaskmonUnits

extension Scenario {
  /// A binding was lost: what is published to the exchange now, nobody gets.
  static let bindingMissing = Scenario(
    name: "binding-missing",
    summary: "the exchange media no longer leads to archive: what is published there is lost",
    prepare: { fleet, now in fleet.recruitSlowWorker(at: now) },
    acts: [
      Act { fleet, _ in fleet.declare(queue: "thumbnails", exchange: "media") },
      Act { fleet, now in
        for _ in 0..<4 { fleet.publish("archive.store", at: now) { $0.exchange = "media" } }
      },
      Act(after: .minutes(2), every: .minutes(2)) { fleet, now in
        fleet.publish("archive.store", at: now) { $0.exchange = "media" }
      },
    ])
}
