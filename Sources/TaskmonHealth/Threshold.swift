package import TaskmonUnits

/// A number a rule decides by, declared once: configuration, `rules`, `explain` and alerts read it.
package struct Threshold: Sendable, Equatable {
  package enum Unit: String, Sendable {
    case seconds, bytes, count, ratio
  }

  /// `hard-margin`: what stands behind the dot in `--set stuck-task.hard-margin=10s`.
  package var name: String
  package var defaultValue: Double
  package var unit: Unit
  package var help: String

  package init(_ name: String, _ defaultValue: Double, _ unit: Unit, help: String) {
    self.name = name
    self.defaultValue = defaultValue
    self.unit = unit
    self.help = help
  }

  package init(_ name: String, _ defaultValue: Seconds, help: String) {
    self.init(name, defaultValue.value, .seconds, help: help)
  }

  package init(_ name: String, _ defaultValue: ByteCount, help: String) {
    self.init(name, Double(defaultValue.value), .bytes, help: help)
  }

  /// As a person writes it: `10s`, `64.0 KiB`, `5`.
  package func text(of value: Double) -> String {
    switch unit {
    case .seconds: Seconds(value).compact
    case .bytes: ByteCount(Int64(value)).text
    case .count, .ratio: value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }
  }

  /// No threshold makes sense beyond this, in any unit but bytes.
  private static let largest = 1e12

  /// Reads a value in the threshold's unit; nil for anything else, also where it is absurdly large.
  package func value(of text: String) -> Double? {
    let number: Double? =
      switch unit {
      case .seconds: Seconds(text: text)?.value
      case .bytes: ByteCount(text: text).map { Double($0.value) }
      case .count, .ratio: Double(text)
      }
    guard let number, number >= 0, number <= (unit == .bytes ? 1e18 : Self.largest) else {
      return nil
    }
    return number
  }
}

/// The thresholds of one rule as they are in force, per subject where one was set.
package struct ThresholdValues: Sendable, Equatable {
  private let defaults: [String: Double]
  private let overrides: [String: Double]
  private let subjects: [String: [String: Double]]

  package init(
    _ declared: [Threshold], overrides: [String: Double] = [:],
    subjects: [String: [String: Double]] = [:]
  ) {
    defaults = Dictionary(
      declared.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { $1 })
    self.overrides = overrides
    self.subjects = subjects
  }

  /// The value of a declared threshold for a subject.
  package func number(_ name: String, for subject: String? = nil) -> Double {
    let declared = defaults[name]
    precondition(declared != nil, "threshold \(name) is not declared by its rule")
    return subject.flatMap { subjects[$0]?[name] } ?? overrides[name] ?? declared ?? 0
  }

  package func seconds(_ name: String, for subject: String? = nil) -> Seconds {
    Seconds(number(name, for: subject))
  }

  package func bytes(_ name: String, for subject: String? = nil) -> ByteCount {
    ByteCount(Int64(number(name, for: subject)))
  }

  package func count(_ name: String, for subject: String? = nil) -> Int {
    Int(number(name, for: subject))
  }
}
