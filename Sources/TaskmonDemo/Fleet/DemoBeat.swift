import CeleryProtocol
import TaskmonUnits

/// A process that publishes the periodic schedule.
struct DemoBeat: Sendable {
  /// One line of the schedule and when it is due next.
  struct Line: Sendable {
    let entry: RedBeatEncoder.Entry
    var due: Timestamp
    var runs = 0
    /// Whether a run is a message; else the scheduler does the work itself.
    var isSent = true

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
  var lockMilliseconds = 25_000
  /// Whether it takes its lock at all; `redbeat_lock_key = None` is that it does not.
  var takesLock = true
  /// How long each of its turns takes, in which nothing else is sent; nil for no time.
  var work: Seconds?
  /// Its next turn, while it is at work.
  var busyUntil: Timestamp?
}
