import TaskmonUnits

/// The words of `check --format text`.
extension HealthDocument {
  /// The first line, which says how much could be judged, then one block per finding; ends with a
  /// line feed.
  package func text(_ status: CheckStatus) -> String {
    ([headline(status)] + findings.map(block) + silenceBlocks).joined(separator: "\n\n") + "\n"
  }

  /// `TASKMON CRITICAL - 2 critical, 3 warning; …`, one line.
  package func headline(_ status: CheckStatus) -> String {
    "TASKMON \(status.rawValue) - \(counts); \(judged)"
  }

  private var counts: String {
    let parts = [Severity.critical, .warning, .info].compactMap { severity -> String? in
      let count = count(severity)
      return count == 0 ? nil : "\(count.grouped) \(severity.rawValue)"
    }
    let told = parts.isEmpty ? ["0 findings"] : parts
    return (told + (silenced.isEmpty ? [] : ["\(silenced.count.grouped) silenced"]))
      .joined(separator: ", ")
  }

  /// One block with a line for each: they were looked at by whoever silenced them.
  private var silenceBlocks: [String] {
    guard !silenced.isEmpty else { return [] }
    let lines = silenced.map { finding in
      "silenced \(finding.rule) \(finding.subject.visible): "
        + (finding.silence?.sentence ?? "nobody says why")
    }
    return [lines.joined(separator: "\n")]
  }

  private var judged: String {
    guard !unknown.isEmpty else {
      return ruleCount == 1 ? "the rule was judged" : "all \(ruleCount) rules were judged"
    }
    let share = "\(unknown.count) of \(ruleCount) rules could not be judged"
    let reasons = UnknownSummary(unknown).text
    return "\(share) (\(reasons))"
  }

  private func block(_ finding: DocumentFinding) -> String {
    let title =
      "\(finding.severity.rawValue.uppercased()) \(finding.rule) \(finding.subject.visible):"
      + " \(finding.message.visible)"
    let age = max(.zero, takenAt - finding.since)
    var lines = [title, "  since: \(finding.since.wholeSeconds.iso8601) (\(age.text))"]
    lines += finding.evidence.map { "  \($0.key.visible): \($0.value.text(key: $0.key))" }
    lines += ["  remedy: \(finding.remedy.visible)", "  explain: taskmon explain \(finding.rule)"]
    return lines.joined(separator: "\n")
  }
}

/// Why rules could not judge, counted by reason.
package struct UnknownSummary: Sendable, Equatable {
  /// The most frequent reason first, ties in the order of the rules.
  package let reasons: [(reason: String, count: Int)]

  package static func == (left: UnknownSummary, right: UnknownSummary) -> Bool {
    left.reasons.elementsEqual(right.reasons, by: ==)
  }

  /// Reasons are alike up to the first comma, semicolon, colon or bracket.
  package init(_ unknown: [UnknownRule]) {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for rule in unknown {
      let clause = rule.missing.prefix { !",;:(".contains($0) }
      let reason = String(clause.reversed().drop { $0 == " " }.reversed())
      if counts[reason] == nil { order.append(reason) }
      counts[reason, default: 0] += 1
    }
    reasons = order.map { ($0, counts[$0] ?? 0) }.enumerated()
      .sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }.map(\.element)
  }

  /// `no history yet: 14, no task events: 6`; at most three reasons, then how many more.
  package var text: String {
    let shown = reasons.prefix(3).map { "\($0.reason.visible): \($0.count)" }
    let more = reasons.count > 3 ? ["and \(reasons.count - 3) more"] : []
    return (shown + more).joined(separator: ", ")
  }
}

extension EvidenceValue {
  /// For people: numbers by the unit their key ends with, unknown as `?`.
  package func text(key: String) -> String {
    switch self {
    case .text(let text): text.visible
    case .flag(let flag): flag ? "yes" : "no"
    case .list(let list): list.isEmpty ? "none" : list.map(\.visible).joined(separator: ", ")
    case .unknown: "?"
    case .number(let value):
      if key.hasSuffix("Seconds") || key.hasSuffix("SecondsAgo") {
        Seconds(value).text
      } else if key.hasSuffix("Bytes"), abs(value) < 9e18 {
        ByteCount(Int64(value)).text
      } else {
        OrderedJSON.number(value).text(.compact)
      }
    }
  }
}

extension String {
  /// Control and direction marks from Redis as `\x1b`, so that no text moves a terminal's cursor.
  var visible: String {
    guard unicodeScalars.contains(where: Self.isHidden) else { return self }
    return unicodeScalars.reduce(into: "") { out, scalar in
      if Self.isHidden(scalar) {
        let digits = String(scalar.value, radix: 16)
        out +=
          scalar.value < 256 ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    case _: false
    }
  }
}

extension Timestamp {
  var wholeSeconds: Timestamp {
    Timestamp(secondsSince1970: secondsSince1970.rounded(.down))
  }
}
