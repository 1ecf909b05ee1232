import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// For how long a finding may be silenced.
enum SilenceChoice: Sendable, Equatable {
  case no, end
  case hours(Double)
  case whileItLasts

  /// What is offered for a finding; the first line changes nothing.
  static func all(of finding: Finding) -> [SilenceChoice] {
    [.no] + (finding.silence == nil ? [] : [.end]) + [.hours(1), .hours(8), .whileItLasts]
  }

  var word: String {
    switch self {
    case .no: "leave it"
    case .end: "tell again"
    case .hours(let hours): "\(Int(hours)) h"
    case .whileItLasts: "until it ends"
    }
  }

  var help: String {
    switch self {
    case .no: "nothing changes"
    case .end: "end its silence"
    case .hours: "then it is told again"
    case .whileItLasts: "a later one is told"
    }
  }
}

/// A silence whose reason is being typed.
struct SilencePrompt: Sendable, Equatable {
  var rule: RuleID
  var subject: String
  /// Nil lasts as long as the finding.
  var hours: Double?
  var reason = ""

  var line: StyledLine {
    StyledLine([
      Span(" because: ", .footerKey), Span(reason), Span("▌", .footerKey),
      Span("  Enter silence  Esc leave", .dim),
    ])
  }
}

/// From the key to a silence with an end and a reason.
extension Console {
  mutating func offerSilence() -> [Effect] {
    guard followsClock else { return refuse("this is a snapshot of another time: it stays told") }
    guard view == .health, let row = openRow,
      let finding = data.report.holding.first(where: {
        HealthView.Row.finding($0, age: .zero).id == row.id
      })
    else { return refuse("choose a finding first, in view \(ViewID.health.rawValue)") }
    openMenu(.silence(finding))
    return []
  }

  mutating func choose(
    _ choices: [SilenceChoice], line: Int, for finding: Finding
  ) -> [Effect] {
    guard choices.indices.contains(line) else { return [] }
    switch choices[line] {
    case .no: return []
    case .end: return [.endSilence(finding.rule, subject: finding.subject)]
    case .hours(let hours):
      silencing = SilencePrompt(rule: finding.rule, subject: finding.subject, hours: hours)
    case .whileItLasts:
      silencing = SilencePrompt(rule: finding.rule, subject: finding.subject, hours: nil)
    }
    return []
  }

  mutating func type(_ key: Key, into prompt: SilencePrompt) -> [Effect] {
    var prompt = prompt
    switch key {
    case .character(let character):
      if prompt.reason.count < Silence.longestReason { prompt.reason.append(character) }
    case .backspace: if !prompt.reason.isEmpty { prompt.reason.removeLast() }
    case .control("u"): prompt.reason = ""
    case .escape:
      silencing = nil
      return []
    case .enter: return settle(prompt)
    case .control, .tab, .shiftTab, .up, .down, .left, .right, .pageUp, .pageDown, .home, .end,
      .function:
      break
    }
    silencing = prompt
    return []
  }

  /// Whoever finds it silent next week wants to know why.
  private mutating func settle(_ prompt: SilencePrompt) -> [Effect] {
    let reason = prompt.reason.unpadded
    guard !reason.isEmpty, let now = newest.snapshot?.takenAt else { return [.bell] }
    silencing = nil
    let until = prompt.hours.map { now + .hours($0) }
    return [
      .silence(
        Silence(rule: prompt.rule, subject: prompt.subject, until: until, reason: reason))
    ]
  }
}
