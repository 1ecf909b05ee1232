package import TaskmonHealth
import TaskmonUnits

/// Everything about a finding: what was seen, why it hurts, how it is known, what ends it.
package enum FindingPage {
  package static func page(_ finding: Finding, _ context: ViewContext) -> Page {
    var blocks: [PageBlock] = [
      .line(StyledLine()),
      .line(
        StyledLine([
          Span("  " + word(finding), role(finding), bold: true),
          Span("  \(finding.subject): \(finding.message)", .text, bold: true),
        ])),
      .line(StyledLine()),
      .facts(moments(finding, context)),
    ]
    if !finding.evidence.isEmpty {
      blocks += [
        .heading("Evidence"),
        .facts(finding.evidence.map { EvidenceText.fact($0, context.moments) }),
      ]
    }
    blocks += [.heading("What to do"), .prose(finding.remedy)]
    return Page("\(finding.rule)", blocks + explanation(of: finding.rule, beside: finding, context))
  }

  package static func page(_ unknown: UnknownRule, _ context: ViewContext) -> Page {
    let blocks: [PageBlock] = [
      .line(StyledLine()),
      .line(StyledLine("  This rule could not judge.", .unknown, bold: true)),
      .heading("What is missing"), .prose(unknown.missing),
    ]
    return Page("\(unknown.rule)", blocks + explanation(of: unknown.rule, beside: nil, context))
  }

  private static func moments(_ finding: Finding, _ context: ViewContext) -> [PageFact] {
    var facts = [
      PageFact("since", context.moments.full(finding.since, now: context.now))
    ]
    if let ended = finding.endedAt {
      facts.append(PageFact("ended", context.moments.full(ended, now: context.now), .good))
    }
    guard let silence = finding.silence else { return facts }
    let end = silence.until.map { context.moments.full($0, now: context.now) } ?? "it ends"
    return facts + [
      PageFact("silenced until", end), PageFact("silenced because", silence.reason),
    ]
  }

  private static func explanation(
    of rule: RuleID, beside finding: Finding?, _ context: ViewContext
  ) -> [PageBlock] {
    guard let page = context.pages(rule) else { return [] }
    var sections = [
      ("The mistake", page.summary), ("Why it hurts", page.whyItHurts),
      ("How it is detected", page.detection), ("What it cannot see", page.blindSpots),
      ("See it by hand", page.confirm),
      ("How to see one", RuleCatalogue.demonstration(of: rule)),
    ]
    if finding?.remedy != page.remedy { sections.append(("Remedy", page.remedy)) }
    return sections.filter { !$0.1.isEmpty }.flatMap { [.heading($0.0), .prose($0.1)] }
  }

  private static func word(_ finding: Finding) -> String {
    guard finding.endedAt == nil else { return "ended" }
    guard finding.silence == nil else { return "silenced \(finding.severity.rawValue)" }
    return finding.severity == .info ? "info" : finding.severity.rawValue.uppercased()
  }

  private static func role(_ finding: Finding) -> Role {
    guard finding.endedAt == nil, finding.silence == nil else { return .dim }
    return switch finding.severity {
    case .critical: .critical
    case .warning: .warning
    case .info: .info
    }
  }
}

/// Evidence as a person reads it: units come from how the key ends.
package enum EvidenceText {
  package static func fact(_ item: EvidenceItem, _ moments: MomentFormat) -> PageFact {
    let name = words(item.key)
    switch item.value {
    case .text(let text): return PageFact(name, text)
    case .flag(let flag): return PageFact(name, flag ? "yes" : "no")
    case .list(let items):
      return PageFact(name, items.isEmpty ? "none" : items.joined(separator: ", "))
    case .unknown: return .unknown(name)
    case .number(let number): return PageFact(name, text(number, key: item.key, moments))
    }
  }

  private static func text(_ number: Double, key: String, _ moments: MomentFormat) -> String {
    guard number.isFinite else { return "?" }
    if key.hasSuffix("Seconds") { return Seconds(number).text }
    if key.hasSuffix("Bytes"), abs(number) < 9e18 { return ByteCount(Int64(number)).text }
    guard number == number.rounded(), abs(number) < 1e15 else { return rounded(number) }
    // A process id or a port is a name, not an amount.
    return key.lowercased().hasSuffix("pid") ? "\(Int(number))" : Int(number).grouped
  }

  /// Two places at most.
  private static func rounded(_ number: Double) -> String {
    guard abs(number) < 1e15 else { return "\(number)" }
    return "\((number * 100).rounded() / 100)"
  }

  /// `hardLimitSeconds` → `hard limit`.
  package static func words(_ key: String) -> String {
    var name = key[...]
    for unit in ["Seconds", "Bytes"] where name.hasSuffix(unit) && name.count > unit.count {
      name = name.dropLast(unit.count)
    }
    var out = ""
    var previousWasUpper = true
    for character in name {
      if character.isUppercase && !previousWasUpper { out.append(" ") }
      previousWasUpper = character.isUppercase
      out.append(character)
    }
    return out.split(separator: " ").map { word in
      word.count > 1 && word.allSatisfy(\.isUppercase) ? String(word) : word.lowercased()
    }.joined(separator: " ")
  }
}
