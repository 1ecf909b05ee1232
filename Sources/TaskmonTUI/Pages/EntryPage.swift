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
    if let lock = BeatStatus(context).lock, entry.source == .redBeat {
      blocks += [.heading("RedBeat's lock"), .facts(holder(lock, context))]
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
      text("keywords", entry.keywordArgumentsText),
      entry.schedule == .unknown
        ? .unknown("schedule", "only messages tell of it")
        : PageFact("schedule", entry.schedule.text),
      PageFact("known from", entry.source.rawValue), keys(entry, context),
      entry.isEnabled ? nil : PageFact("enabled", "no", .warning),
      moment("last", facts.last), entry.isEnabled ? moment("next", facts.due) : nil,
      entry.runCount.map { PageFact("runs", $0.grouped) } ?? .unknown("runs"),
      PageFact("arrivals seen", facts.receipts.count.grouped),
      facts.receipts.last.map { moment("last arrival", $0) },
    ]
    return lines.compactMap(\.self)
  }

  private static func keys(_ entry: ScheduleEntry, _ context: ViewContext) -> PageFact? {
    guard entry.source == .redBeat, case .value(let redBeat?) = context.snapshot.beat.redBeat
    else { return nil }
    return redBeat.keyPrefix.map { PageFact("keys begin", $0) }
  }

  /// Who holds it, and when another could have it.
  ///
  /// A beat that waits leaves no key, so whether there is one is not known.
  private static func holder(_ lock: BeatLock, _ context: ViewContext) -> [PageFact] {
    [
      PageFact("token", lock.token),
      lock.holderNode.map { PageFact("node", $0) } ?? .unknown("node"),
      lock.holderSince.map { PageFact("since", context.moments.full($0, now: context.now)) }
        ?? .unknown("since"),
      lock.timeToLive.map {
        PageFact("takeover", "in \($0.text) by a second RedBeat, if this one dies now")
      } ?? PageFact("takeover", "never: the lock has no expiry", .warning),
    ]
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
