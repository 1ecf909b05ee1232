import TaskmonUnits

extension Scenario {
  /// A worker was started without `-E`.
  static let eventsDisabled = Scenario(
    name: "events-disabled",
    summary: "one worker sends no task events, so that little is known of it: see the Workers view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("imports.load", queue: "imports", runtime: 0.1...0.3))
      fleet.recruit(for: "imports", at: now) { $0.sendsTaskEvents = false }
    },
    acts: [
      Act(every: .seconds(1)) { fleet, now in fleet.publish("imports.load", at: now) }
    ])
}
