package import TaskmonModel
package import TaskmonUnits

/// What was seen of one entry, in this run and before.
package struct EntryFacts: Sendable, Equatable {
  /// An entry may be overdue so long before it is called late.
  package static let grace = Seconds(5)

  /// When it was last sent, as RedBeat notes, or last seen arriving; nil where neither is known.
  package var last: Timestamp?
  package var receipts: [Timestamp]
  package var publications: [Publication]

  package init(_ entry: ScheduleEntry, _ context: ViewContext) {
    let track = context.history.beatEntries[entry.name]
    let traffic = context.snapshot.beat.traffic.first { $0.entry == entry.name }
    receipts = track?.receipts ?? traffic?.receipts ?? []
    publications = track?.publications ?? traffic?.publications ?? []
    last = entry.lastRun ?? [receipts.last, publications.last?.at].compactMap(\.self).max()
  }

  /// In the order they were first seen.
  package var publishers: [String] {
    var seen: Set<String> = []
    return publications.map(\.publisher).filter { seen.insert($0).inserted }
  }
}
