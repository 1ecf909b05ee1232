import TaskmonUnits

extension Scenario {
  /// Messages live for four seconds, and the worker is too slow for that.
  static let tasksExpiring = Scenario(
    name: "tasks-expiring",
    summary:
      "messages of quotes.refresh expire before a worker gets to them: look at the Tasks view",
    thresholds: ["tasks-expiring.window=30s", "tasks-expiring.expired=10"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("quotes.refresh", queue: "quotes", runtime: 0.8...1.2))
      fleet.recruit(for: "quotes", at: now)
    },
    acts: [
      Act(every: .seconds(0.25)) { fleet, now in
        fleet.publish("quotes.refresh", at: now) { task in
          task.expires = now + .seconds(4)
          task.expiresAfterMilliseconds = 4000
        }
      }
    ])
}
