import FoundationEssentials
import TaskmonUnits

/// Why a text is no health document.
package struct DocumentError: Error, Sendable, Equatable {
  /// One sentence for an operator.
  package var sentence: String
}

extension HealthDocument {
  /// Reads what `json` writes, from another taskmon.
  ///
  /// JSON objects have no order, so that evidence comes back sorted by key.
  package init(json text: String) throws(DocumentError) {
    do {
      self = try JSONDecoder().decode(HealthDocument.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw DocumentError(sentence: "this is no health document of taskmon: \(error.short)")
    } catch {
      throw DocumentError(sentence: "this is no health document of taskmon: it is no JSON")
    }
  }
}

extension HealthDocument: Decodable {
  private enum Key: String, CodingKey {
    case taskmon, broker, takenAt, observedSeconds, status, findings, silenced, unknown, healthy
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      taskmon: try container.decode(String.self, forKey: .taskmon),
      broker: try container.decode(String.self, forKey: .broker),
      takenAt: try container.decodeMoment(forKey: .takenAt),
      observed: Seconds(try container.decode(Double.self, forKey: .observedSeconds)),
      status: try container.decode(HealthReport.Status.self, forKey: .status),
      findings: try container.decode([DocumentFinding].self, forKey: .findings),
      // Older versions knew no silences.
      silenced: try container.decodeIfPresent([DocumentFinding].self, forKey: .silenced) ?? [],
      unknown: try container.decode([UnknownRule].self, forKey: .unknown),
      healthy: try container.decode([RuleID].self, forKey: .healthy))
  }
}

extension DocumentFinding: Decodable {
  private enum Key: String, CodingKey {
    case rule, antipattern, kind, severity, subject, message, since, evidence, remedy
    case silencedUntil, silencedBecause
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let evidence = try container.decode([String: ReadEvidence].self, forKey: .evidence)
    self.init(
      rule: try container.decode(RuleID.self, forKey: .rule),
      antipattern: try container.decode(ReadLabel?.self, forKey: .antipattern)?.text,
      kind: try container.decode(RuleKind.self, forKey: .kind),
      severity: try container.decode(Severity.self, forKey: .severity),
      subject: try container.decode(String.self, forKey: .subject),
      message: try container.decode(String.self, forKey: .message),
      since: try container.decodeMoment(forKey: .since),
      evidence: evidence.sorted { $0.key < $1.key }.map { EvidenceItem($0.key, $0.value.value) },
      remedy: try container.decode(String.self, forKey: .remedy))
    guard let reason = try container.decodeIfPresent(String.self, forKey: .silencedBecause) else {
      return
    }
    let isTimed = try container.decodeIfPresent(String.self, forKey: .silencedUntil) != nil
    silence = Silence(
      rule: rule, subject: subject,
      until: isTimed ? try container.decodeMoment(forKey: .silencedUntil) : nil, reason: reason)
  }
}

/// A number or a string: `9` or `"G2"`.
private struct ReadLabel: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      text = "\(number)"
    } else {
      text = try container.decode(String.self)
    }
  }
}

/// An evidence value as documents spell it.
private struct ReadEvidence: Decodable {
  let value: EvidenceValue

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = .unknown
    } else if let flag = try? container.decode(Bool.self) {
      value = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      value = .number(number)
    } else if let list = try? container.decode([String].self) {
      value = .list(list)
    } else {
      value = .text(try container.decode(String.self))
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func decodeMoment(forKey key: Key) throws -> Timestamp {
    let text = try decode(String.self, forKey: key)
    guard let moment = Timestamp(iso8601: text) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "no UTC time")
    }
    return moment
  }
}

extension Timestamp {
  /// Reads `2026-01-02T03:04:05.678Z`, the fraction being optional; nil for anything else.
  package init?(iso8601 text: String) {
    guard text.hasSuffix("Z"), text.utf8.count <= 32 else { return nil }
    let halves = text.dropLast().split(separator: "T", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let date = halves[0].split(separator: "-").map { Int64($0) }
    let clock = halves[1].split(separator: ":")
    guard date.count == 3, clock.count == 3, let year = date[0], let month = date[1],
      let day = date[2], let hour = Int64(clock[0]), let minute = Int64(clock[1]),
      let second = Double(clock[2]), (0...9999).contains(year), (1...12).contains(month),
      (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
      second >= 0, second < 61
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    self.init(secondsSince1970: Double(days * 86400 + hour * 3600 + minute * 60) + second)
  }
}

extension DecodingError {
  fileprivate var short: String {
    switch self {
    case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\"\(context.codingPath.last?.stringValue ?? "document")\" is of another type"
    case .dataCorrupted(let context):
      context.codingPath.last.map { "\"\($0.stringValue)\" is wrong" } ?? "it is no JSON"
    @unknown default: "it cannot be read"
    }
  }
}
