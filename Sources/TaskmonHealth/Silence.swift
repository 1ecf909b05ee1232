package import TaskmonUnits

/// A finding somebody knows of and does not want to be told again: until when, and why.
package struct Silence: Sendable, Hashable, Codable {
  /// Longer than any reason that is read at 3 a.m.
  package static let longestReason = 200

  package var rule: RuleID
  /// Nil silences the rule on every subject.
  package var subject: String?
  /// Nil ends with the finding: when its rule judges again and does not name the subject.
  package var until: Timestamp?
  /// Why; never empty.
  package var reason: String

  package init(rule: RuleID, subject: String?, until: Timestamp?, reason: String) {
    self.rule = rule
    self.subject = subject
    self.until = until
    self.reason = reason
  }

  package func covers(_ rule: RuleID, _ subject: String, at now: Timestamp) -> Bool {
    self.rule == rule && (self.subject ?? subject) == subject && !isOver(at: now)
  }

  package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}

/// Why a text is no silence.
package enum SilenceError: Error, Sendable, Equatable {
  case malformed(String)
  case unknownRule(String, nearest: String?)
  case badMoment(String)

  /// One sentence: what is wrong, and what would be right.
  package var sentence: String {
    switch self {
    case .malformed(let text):
      return "\"\(text)\" is no silence; write"
        + " RULE[SUBJECT] until 2026-12-31T08:00:00Z because REASON"
    case .unknownRule(let name, let nearest):
      return ThresholdError.unknownRule(name, nearest: nearest).sentence
    case .badMoment(let text):
      return "\"\(text)\" is no moment in UTC; write 2026-12-31 or 2026-12-31T08:00:00Z"
    }
  }
}

extension Silence {
  /// Reads `RULE[SUBJECT] until MOMENT because REASON`; without brackets every subject is meant.
  ///
  /// A moment is a UTC time or a date, which is its first second. What is written in a
  /// configuration always has such an end: nobody would see that it outlived its finding.
  package init(
    _ text: String, rules: [any Rule.Type] = RuleRegistry.all
  ) throws(SilenceError) {
    guard let because = Self.split(text, at: " because ", last: false),
      let until = Self.split(because.head, at: " until ", last: true)
    else { throw .malformed(text) }
    let (rule, subject) = Self.named(until.head)
    let reason = because.tail
    guard !rule.isEmpty, subject != "", !reason.isEmpty else { throw .malformed(text) }
    guard rules.contains(where: { $0.id.rawValue == rule }) else {
      throw .unknownRule(
        rule, nearest: NearestName.of(rule, among: rules.map { $0.id.rawValue }))
    }
    guard let moment = Self.moment(until.tail) else { throw .badMoment(until.tail) }
    self.init(
      rule: RuleID(rawValue: rule), subject: subject, until: moment,
      reason: String(reason.prefix(Self.longestReason)))
  }

  /// The text that reads as this silence; nil where it ends with its finding.
  package var text: String? {
    until.map { "\(name) until \($0.iso8601) because \(reason)" }
  }

  /// `until 2026-12-31T08:00:00Z because …`, for people.
  package var sentence: String {
    let end = until.map { "until \($0.wholeSeconds.iso8601)" } ?? "until it ends"
    return "\(end) because \(reason.visible)"
  }

  /// `RULE[SUBJECT]`, or the rule alone.
  package var name: String { rule.rawValue + (subject.map { "[\($0)]" } ?? "") }

  /// How a finding of a rule is silenced, in the words of its page.
  package static func instruction(for rule: RuleID) -> String {
    """
    Give an end and a reason, on the command line or as an item of `silence:` in the configuration \
    (without the brackets every subject is meant):

        taskmon check --silence '\(rule)[SUBJECT] until 2026-12-31T08:00:00Z because REASON'

    In `taskmon top`, `a` on the finding silences it for 1 h, for 8 h or until it ends, for `check` \
    and `serve` of the same user and broker as well.
    """
  }

  private static func named(_ text: String) -> (rule: String, subject: String?) {
    guard let open = text.firstIndex(of: "["), text.hasSuffix("]") else { return (text, nil) }
    return (String(text[..<open]), String(text[text.index(after: open)...].dropLast()))
  }

  private static func moment(_ text: String) -> Timestamp? {
    Timestamp(iso8601: text) ?? Timestamp(iso8601: text + "T00:00:00Z")
  }

  /// The text on both sides of a word.
  private static func split(
    _ text: String, at word: String, last: Bool
  ) -> (head: String, tail: String)? {
    let characters = Array(text)
    let wanted = Array(word)
    guard characters.count > wanted.count else { return nil }
    let starts = (0...(characters.count - wanted.count)).filter { start in
      characters[start..<(start + wanted.count)].elementsEqual(wanted)
    }
    guard let start = last ? starts.last : starts.first else { return nil }
    return (
      String(characters[..<start]), String(characters[(start + wanted.count)...])
    )
  }
}
