import Foundation

/// The document of `check` and `/api/v1/health`, read by code that shares nothing with its writer.
package struct HealthReading: Sendable, Decodable {
  package struct Finding: Sendable, Decodable {
    package let rule: String
    package let kind: String
    package let severity: String
    package let subject: String
    package let message: String
    package let since: String
    package let evidence: [String: JSON]
    package let remedy: String

    /// `critical stuck-task billing.sync`: what tests compare.
    package var headline: String { "\(severity) \(rule) \(subject)" }
  }

  package struct Unknown: Sendable, Decodable {
    package let rule: String
    package let missing: String
  }

  package let taskmon: String
  package let broker: String
  package let takenAt: String
  package let observedSeconds: Double
  package let status: String
  package let findings: [Finding]
  package let silenced: [Finding]
  package let unknown: [Unknown]
  package let healthy: [String]

  package init(_ text: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
  }

  /// The findings in words, in the order of the alphabet.
  package var headlines: [String] { findings.map(\.headline).sorted() }

  package func finding(_ rule: String) -> Finding? { findings.first { $0.rule == rule } }
}

/// Any JSON value.
package enum JSON: Sendable, Hashable, Codable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSON].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSON].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .flag(let flag): try value.encode(flag)
    // Python tells whole numbers from others.
    case .number(let number):
      if let whole = Int(exactly: number) {
        try value.encode(whole)
      } else {
        try value.encode(number)
      }
    case .text(let text): try value.encode(text)
    case .list(let list): try value.encode(list)
    case .object(let object): try value.encode(object)
    }
  }

  /// As text, on one line.
  package var written: String {
    get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
  }

  package var number: Double? { if case .number(let value) = self { value } else { nil } }
  package var text: String? { if case .text(let value) = self { value } else { nil } }
}
