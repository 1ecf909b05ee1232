import TaskmonModel

/// One page of metrics, within its limits and ready to be written in either format.
package struct Exposition: Sendable, Equatable {
  /// In the order of `FamilyRegistry`; only those that say something.
  package private(set) var families: [MetricFamily]
  /// Series left out so far, by family: hand it to the next one as `droppedBefore`.
  package private(set) var dropped: [String: Int]

  package init(_ input: ExpositionInput) {
    dropped = input.droppedBefore
    families = []
    for family in FamilyRegistry.families(of: input) {
      let limit = input.options.limits.seriesPerFamily
      let (bounded, excess) = Self.bounded(family, to: limit)
      if excess > 0 {
        dropped[family.name] = min(dropped[family.name] ?? 0, Self.highest) + excess
      }
      if !bounded.samples.isEmpty { families.append(bounded) }
    }
    let report = DroppedSeriesFamily.family(
      dropped: dropped, inLedger: input.facts?.tasks.value?.droppedSeries ?? 0)
    if !report.samples.isEmpty { families.append(report) }
    if input.options.naming != MetricNaming() {
      families = families.map(input.options.naming.named)
    }
  }

  package func text(as format: ExpositionFormat) -> String {
    ExpositionWriter.text(of: families, as: format)
  }

  private static let highest = 1 << 52

  /// Two series with the same labels would spoil the whole page, so the first of them stays.
  private static func bounded(
    _ family: MetricFamily, to limit: Int
  ) -> (family: MetricFamily, dropped: Int) {
    var seen: Set<[[UInt8]]> = []
    var kept = family
    kept.samples = family.samples.filter { sample in
      seen.count < limit && seen.insert(sample.labels.map { Array($0.value.utf8) }).inserted
    }
    return (kept, family.samples.count - kept.samples.count)
  }
}

/// How a page of metrics is written.
package enum ExpositionFormat: Sendable, CaseIterable {
  /// Prometheus text 0.0.4.
  case text
  /// OpenMetrics 1.0.
  case openMetrics

  package var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}
