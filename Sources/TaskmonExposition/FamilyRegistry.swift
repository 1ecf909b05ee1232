import TaskmonModel

/// A handful of metrics that belong together.
///
/// Each group is a file of its own under `Families/`: the only place where their names are written.
package protocol FamilyGroup: Sendable {
  /// Always every family of the group; those of which nothing is known have no samples.
  static func families(of input: ExpositionInput) -> [MetricFamily]
}

/// Every group of metrics, in the order a page lists them.
package enum FamilyRegistry {
  package static let groups: [any FamilyGroup.Type] = [
    QueueFamilies.self,
    ConsumerFamilies.self,
    WorkerFamilies.self,
    TaskFamilies.self,
    TaskCountFamilies.self,
    BeatFamilies.self,
    ResultFamilies.self,
    BrokerFamilies.self,
    FindingFamilies.self,
    SelfFamilies.self,
    ProcessFamilies.self,
  ]

  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    groups.flatMap { $0.families(of: input) }
  }

  /// Every family there is, without samples.
  package static var declared: [MetricFamily] {
    let nothing = ExpositionInput(history: SnapshotHistory(), report: nil, options: .anonymous)
    return (families(of: nothing) + [DroppedSeriesFamily.family(dropped: [:], inLedger: 0)])
      .map { MetricFamily(name: $0.name, kind: $0.kind, help: $0.help, samples: []) }
  }
}
