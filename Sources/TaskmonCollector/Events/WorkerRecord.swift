import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What a worker's own events say of it.
struct WorkerRecord: Sendable, Equatable {
  let firstHeard: Timestamp
  private(set) var lastHeard: Timestamp
  private(set) var offlineSince: Timestamp?
  private(set) var state = WorkerState()
  private(set) var taskEvents = 0
  /// `processed` in its first heartbeat here: growing without task events, it sends none.
  private var firstProcessed: Int?

  init(firstHeard: Timestamp) {
    self.firstHeard = firstHeard
    lastHeard = firstHeard
  }

  mutating func hear(at moment: Timestamp, isTaskEvent: Bool) {
    lastHeard = max(lastHeard, moment)
    if isTaskEvent { taskEvents += 1 }
  }

  /// Takes a heartbeat's fields over; those it leaves out stay as they were.
  mutating func take(_ new: WorkerState, offlineAt: Timestamp?) {
    offlineSince = offlineAt
    state.frequency = new.frequency ?? state.frequency
    state.active = new.active ?? state.active
    state.processed = new.processed ?? state.processed
    state.loadAverage = new.loadAverage ?? state.loadAverage
    state.softwareVersion = new.softwareVersion ?? state.softwareVersion
    firstProcessed = firstProcessed ?? new.processed
  }

  var sendsTaskEvents: Observation<Bool> {
    if taskEvents > 0 { return .value(true) }
    guard let firstProcessed, let processed = state.processed else {
      return .unavailable("neither a task event nor a heartbeat came yet")
    }
    return processed > firstProcessed
      ? .value(false) : .unavailable("it has finished no task since taskmon listens")
  }
}
