import TaskmonUnits

extension Scenario {
  /// An ETA that lies beyond the visibility timeout, which is an hour where nobody set it.
  static let visibilityTimeoutTooShort = Scenario(
    name: "visibility-timeout-too-short",
    summary:
      "emails.anniversary is held for an ETA three hours away: Redis hands it out every hour",
    prepare: { fleet, _ in
      fleet.shop.kinds.append(
        TaskKind("emails.anniversary", queue: "celery", runtime: 0.1...0.2, delay: 10_800...10_900))
    },
    acts: [
      Act(every: .minutes(2)) { fleet, now in fleet.publish("emails.anniversary", at: now) }
    ])
}
