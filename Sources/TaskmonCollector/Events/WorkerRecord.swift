import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What a worker's own events say of it.
struct WorkerRecord: Sendable, Equatable {
  private(set) var firstHeard: Timestamp
  private(set) var lastHeard: Timestamp
  private(set) var offlineSince: Timestamp?
  private(set) var state = WorkerState()
  private(set) var taskEvents = 0
  /// Receipt of the last heartbeat that told how many tasks it runs.
  private(set) var activeHeardAt: Timestamp?
  /// `processed` in its first heartbeat since our stream is whole.
  private var firstProcessed: Int?
  /// A whole heartbeat after `processed` had grown there was still no task event.
  private var isSilent = false

  init(firstHeard: Timestamp) {
    self.firstHeard = firstHeard
    lastHeard = firstHeard
  }

  mutating func hear(at moment: Timestamp, isTaskEvent: Bool) {
    lastHeard = max(lastHeard, moment)
    if isTaskEvent { taskEvents += 1 }
  }

  /// Takes a heartbeat's fields over; those it leaves out stay as they were.
  mutating func take(_ new: WorkerState, at moment: Timestamp, isOffline: Bool) {
    offlineSince = isOffline ? moment : nil
    if new.active != nil { activeHeardAt = moment }
    if let firstProcessed, new.processed != nil, state.processed ?? 0 > firstProcessed {
      isSilent = true
    }
    state.frequency = new.frequency ?? state.frequency
    state.active = new.active ?? state.active
    state.processed = new.processed ?? state.processed
    state.loadAverage = new.loadAverage ?? state.loadAverage
    state.softwareVersion = new.softwareVersion ?? state.softwareVersion
    firstProcessed = firstProcessed ?? new.processed
  }

  /// After a gap of our own stream, tasks may have been done whose events went unheard.
  mutating func streamResumed() { firstProcessed = nil }

  /// Ages stay what they are when the wall clock is set.
  mutating func clockJumped(by length: Seconds) {
    firstHeard = firstHeard + length
    lastHeard = lastHeard + length
    offlineSince = offlineSince.map { $0 + length }
    activeHeardAt = activeHeardAt.map { $0 + length }
  }

  var sendsTaskEvents: Observation<Bool> {
    if taskEvents > 0 { return .value(true) }
    if isSilent { return .value(false) }
    return .unavailable(
      firstProcessed == nil
        ? "neither a task event nor a heartbeat came yet"
        : "it has finished no task since taskmon listens")
  }
}
