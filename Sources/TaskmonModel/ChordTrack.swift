package import TaskmonUnits

/// What is remembered of one chord with parts outstanding, across runs.
package struct ChordTrack: Sendable, Hashable, Codable {
  package var size: Int
  package var done: Int
  /// When it was first seen with this many parts done.
  package var unchangedSince: Timestamp
  /// The last look before that, which saw another number, or not yet this chord.
  ///
  /// Nil where it stood so at the first look ever: it may have done so for long.
  package var changedAfter: Timestamp?

  package init(
    size: Int, done: Int, unchangedSince: Timestamp, changedAfter: Timestamp? = nil
  ) {
    self.size = size
    self.done = done
    self.unchangedSince = unchangedSince
    self.changedAfter = changedAfter
  }

  /// Chords remembered; with more, those that stand longest.
  static let limit = 1000

  /// Whether its number is known to have changed within so long.
  package func hasChanged(within limit: Seconds, before now: Timestamp) -> Bool {
    changedAfter.map { now - $0 <= limit } ?? false
  }
}

/// The chords with parts outstanding, and when the result backend was last looked through for them.
package struct ChordTracks: Sendable, Equatable, Codable {
  package private(set) var byGroup: [String: ChordTrack]
  package private(set) var lookedAt: Timestamp?

  package init() { byGroup = [:] }

  package subscript(group: String) -> ChordTrack? { byGroup[group] }

  /// Takes in the chords of one pass over the results, which ended at `moment`.
  ///
  /// A chord that is not among them has been called, or its keys have expired.
  mutating func absorb(_ chords: [ChordFacts], lookedAt moment: Timestamp) {
    guard lookedAt != moment else { return }
    var seen: [String: ChordTrack] = [:]
    for chord in chords {
      let known = byGroup[chord.groupID]
      if let known, known.size == chord.size, known.done == chord.done {
        seen[chord.groupID] = known
      } else {
        seen[chord.groupID] = ChordTrack(
          size: chord.size, done: chord.done, unchangedSince: chord.unchangedSince,
          changedAfter: lookedAt)
      }
    }
    if seen.count > ChordTrack.limit {
      let longest = seen.sorted {
        ($0.value.unchangedSince, $0.key) < ($1.value.unchangedSince, $1.key)
      }
      seen = Dictionary(longest.prefix(ChordTrack.limit).map { $0 }, uniquingKeysWith: { $1 })
    }
    byGroup = seen
    lookedAt = moment
  }
}
