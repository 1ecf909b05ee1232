package import TaskmonModel
package import TaskmonUnits

/// What was seen of one entry, in this run and before.
package struct EntryFacts: Sendable, Equatable {
  /// An entry may be overdue so long before it is called late.
  package static let grace = Seconds(5)
  /// How old the end of a heard stretch may be.
  private static let hearing = Seconds(15)

  /// When it was last sent, as RedBeat notes, or last seen arriving; nil where neither is known.
  package var last: Timestamp?
  /// When it is due next: RedBeat's note, else its period after the last message, where none can
  /// have been missed; nil where neither is known.
  package var due: Timestamp?
  package var receipts: [Timestamp]
  package var publications: [Publication]

  package init(_ entry: ScheduleEntry, _ context: ViewContext) {
    let track = context.history.beatEntries[entry.name]
    let traffic = context.snapshot.beat.traffic.first { $0.entry == entry.name }
    receipts = track?.receipts ?? traffic?.receipts ?? []
    publications = track?.publications ?? traffic?.publications ?? []
    let seen = [receipts.last, publications.last?.at].compactMap(\.self).max()
    last = entry.lastRun ?? seen
    due = entry.dueAt.flatMap { entry.due(by: $0, at: context.now) }
    if entry.dueAt == nil, entry.source != .redBeat, case .every(let period) = entry.schedule,
      let seen,
      let heard = (track?.heard ?? traffic?.heard)?.last, heard.start <= seen,
      context.now - heard.end <= Self.hearing
    {
      due = seen + period
    }
  }

  /// In the order they were first seen.
  package var publishers: [String] {
    var seen: Set<String> = []
    return publications.map(\.publisher).filter { seen.insert($0).inserted }
  }
}
