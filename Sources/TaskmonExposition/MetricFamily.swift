/// One metric: its name, kind and help, and what it says now.
///
/// A family without samples is declared and not written.
package struct MetricFamily: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  /// As it is exposed in the text format: a counter's ends in `_total`.
  package var name: String
  package var kind: Kind
  package var help: String
  package var samples: [Sample]

  package init(name: String, kind: Kind, help: String, samples: [Sample]) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  static func gauge(_ name: String, _ help: String, _ samples: [Sample]) -> MetricFamily {
    MetricFamily(name: name, kind: .gauge, help: help, samples: samples)
  }

  static func counter(_ name: String, _ help: String, _ samples: [Sample]) -> MetricFamily {
    MetricFamily(name: name, kind: .counter, help: help, samples: samples)
  }

  static func histogram(_ name: String, _ help: String, _ samples: [Sample]) -> MetricFamily {
    MetricFamily(name: name, kind: .histogram, help: help, samples: samples)
  }
}

/// One number of a family.
package struct Sample: Sendable, Equatable {
  /// In the order they are written; a name stands once.
  package var labels: [Label]
  package var value: SampleValue

  package init(_ labels: [Label] = [], _ value: SampleValue) {
    self.labels = labels
    self.value = value
  }

  package init(_ labels: [Label] = [], _ value: Double) {
    self.init(labels, .number(value))
  }

  package init(_ labels: [Label] = [], _ value: Int) {
    self.init(labels, .number(Double(value)))
  }

  /// One sample, or none where the fact is not known.
  static func known(_ value: Double?, _ labels: [Label] = []) -> [Sample] {
    value.map { [Sample(labels, $0)] } ?? []
  }

  static func known(_ value: Int?, _ labels: [Label] = []) -> [Sample] {
    known(value.map(Double.init), labels)
  }
}

/// A single number, or the buckets of a histogram.
package enum SampleValue: Sendable, Equatable {
  case number(Double)
  case histogram(Histogram)
}

/// Observations counted by upper bound.
package struct Histogram: Sendable, Equatable {
  /// Upper bounds, ascending, without +Inf; `counts` are cumulative, one per bound.
  package var bounds: [Double]
  package var counts: [Int]
  package var sum: Double
  package var count: Int
  /// For each bound and for +Inf, an observation of that bucket alone; or none at all.
  ///
  /// Only OpenMetrics can say them.
  package var exemplars: [Exemplar?]

  package init(
    bounds: [Double], counts: [Int], sum: Double, count: Int, exemplars: [Exemplar?] = []
  ) {
    self.exemplars = exemplars
    self.bounds = bounds
    self.counts = counts
    self.sum = sum
    self.count = count
  }
}

/// One observation by name, for the way from a graph to a task.
package struct Exemplar: Sendable, Equatable {
  package var label: Label
  package var value: Double
  /// Seconds since 1970.
  package var at: Double

  /// What OpenMetrics allows a label's name and value together.
  private static let longest = 128

  /// Nil where the label would be too long to be said whole: half an id finds nothing.
  package init?(_ name: String, _ text: String, value: Double, at: Double) {
    guard name.unicodeScalars.count + text.unicodeScalars.count <= Self.longest,
      value.isFinite, at.isFinite
    else { return nil }
    label = Label(name, text)
    self.value = value
    self.at = at
  }
}

/// One label; whatever a queue or a task is called, its value can be written.
package struct Label: Sendable, Hashable {
  package var name: String
  package private(set) var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = Self.writable(value)
  }

  /// Longer values are cut: names come from messages that anybody may send.
  static let longestValue = 512

  /// NUL ends the input of Prometheus' own parser, so it becomes U+FFFD.
  private static func writable(_ value: String) -> String {
    let isShort = value.utf8.count <= longestValue
    if isShort && !value.utf8.contains(0) { return value }
    var out = String.UnicodeScalarView()
    var length = 0
    for scalar in value.unicodeScalars {
      let kept = scalar.value == 0 ? "\u{FFFD}" : scalar
      length += UTF8.width(kept)
      guard isShort || length <= longestValue - UTF8.width("…") else { break }
      out.append(kept)
    }
    if !isShort { out.append("…") }
    return String(out)
  }
}
