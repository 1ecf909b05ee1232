/// How metrics and their series are called, where that is not as usual.
package struct MetricNaming: Sendable, Equatable {
  /// The host of all where hosts are hidden.
  static let generic = "generic"

  /// Stands for `celery_` in the names of metrics.
  package var prefix: String
  /// For every series that has none of that name.
  package var labels: [Label]
  /// Publishers come and go under names that nobody knows: `hostname` hides them.
  package var hidesSender: Bool
  /// The same of workers, in what is counted by task.
  package var hidesWorker: Bool

  package init(
    prefix: String = standardPrefix, labels: [Label] = [], hidesSender: Bool = false,
    hidesWorker: Bool = false
  ) {
    self.prefix = prefix
    self.labels = labels
    self.hidesSender = hidesSender
    self.hidesWorker = hidesWorker
  }

  /// Whether a metric's name can begin so; nothing is a prefix too.
  package static func isPrefix(_ text: String) -> Bool {
    let isName = text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ":") }
    return isName && !(text.utf8.first.map(isDigit) ?? false)
  }

  /// `name=value`; nil where that is no label.
  package static func label(_ text: String) -> Label? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let first = parts[0].utf8.first, !isDigit(first),
      parts[0].utf8.allSatisfy({ isLetter($0) || isDigit($0) }), parts[0] != "le",
      !parts[0].hasPrefix("__")
    else { return nil }
    return Label(String(parts[0]), String(parts[1]))
  }

  func named(_ family: MetricFamily) -> MetricFamily {
    var family = family
    if prefix != Self.standardPrefix, family.name.hasPrefix(Self.standardPrefix) {
      family.name = prefix + family.name.dropFirst(Self.standardPrefix.count)
    }
    guard !labels.isEmpty else { return family }
    family.samples = family.samples.map { sample in
      let known = Set(sample.labels.map(\.name))
      return Sample(sample.labels + labels.filter { !known.contains($0.name) }, sample.value)
    }
    return family
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    case _: false
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }
}
