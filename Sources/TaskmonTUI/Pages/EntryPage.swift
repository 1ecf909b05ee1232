package import TaskmonModel
import TaskmonUnits

/// Everything about a schedule entry: its plan, its traffic, and who published it.
package enum EntryPage {
  /// The newest publications shown.
  static let shown = 20

  package static func page(_ entry: ScheduleEntry, _ context: ViewContext) -> Page {
    let facts = EntryFacts(entry, context)
    var blocks: [PageBlock] = [
      .line(StyledLine()), .line(BeatStatus(context).line(context)), .line(StyledLine()),
      .facts(plan(entry, facts, context)),
    ]
    blocks += [.heading("Publishers"), .facts(publishers(facts, context))]
    if !facts.publications.isEmpty {
      let newest = facts.publications.suffix(shown).reversed()
      blocks += [
        .heading("Newest publications"),
        .facts(
          newest.map { PageFact(context.moments.near($0.at, now: context.now), $0.publisher) }),
      ]
    }
    return Page("entry \(entry.name)", blocks)
  }

  private static func plan(
    _ entry: ScheduleEntry, _ facts: EntryFacts, _ context: ViewContext
  ) -> [PageFact] {
    func moment(_ name: String, _ at: Timestamp?) -> PageFact {
      at.map { PageFact(name, context.moments.full($0, now: context.now)) } ?? .unknown(name)
    }
    func text(_ name: String, _ value: String) -> PageFact? {
      value.isEmpty ? nil : PageFact(name, value)
    }
    let lines: [PageFact?] = [
      PageFact("task", entry.task), text("arguments", entry.argumentsText),
      text("keywords", entry.keywordArgumentsText), PageFact("schedule", entry.schedule.text),
      PageFact("known from", entry.source.rawValue),
      entry.isEnabled ? nil : PageFact("enabled", "no", .warning),
      moment("last", facts.last), entry.isEnabled ? moment("next", entry.dueAt) : nil,
      entry.runCount.map { PageFact("runs", $0.grouped) } ?? .unknown("runs"),
      PageFact("arrivals seen", facts.receipts.count.grouped),
      facts.receipts.last.map { moment("last arrival", $0) },
      BeatStatus(context).lock.map { PageFact("lock token", $0.token) },
    ]
    return lines.compactMap(\.self)
  }

  private static func publishers(_ facts: EntryFacts, _ context: ViewContext) -> [PageFact] {
    let names = facts.publishers
    guard !names.isEmpty else {
      return [.unknown("processes", "no publication was seen")]
    }
    return names.map { name in
      let own = facts.publications.filter { $0.publisher == name }
      let last = own.last.map { "last " + context.moments.full($0.at, now: context.now) } ?? ""
      return PageFact(name, "\(own.count) seen, \(last)", names.count > 1 ? .warning : .text)
    }
  }
}
