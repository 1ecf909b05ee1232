import CeleryProtocol
import TaskmonUnits

/// A process that publishes the periodic schedule.
struct DemoBeat: Sendable {
  /// One line of the schedule and when it is due next.
  struct Line: Sendable {
    let entry: RedBeatEncoder.Entry
    var due: Timestamp
    var runs = 0

    /// Moves on to the first due moment after `now`; what was missed stays missed.
    mutating func advance(past now: Timestamp) {
      let period = max(entry.every.value, 0.1)
      let missed = max(0, ((now - due).value / period).rounded(.down))
      due = due + Seconds(period * (missed + 1))
      runs += 1
    }
  }

  var publisher: Publisher
  var lines: [Line]
  /// The token of RedBeat's lock; nil for a beat that keeps its schedule in a file.
  let lockToken: String?
  /// How far it runs behind the due moments.
  let lag: Seconds
  var nextExtension: Timestamp

  /// RedBeat's `redbeat_lock_timeout` in the shop's settings.
  static let lockMilliseconds = 25_000
}
