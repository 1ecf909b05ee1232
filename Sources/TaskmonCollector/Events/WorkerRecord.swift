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
  private(set) var lastTaskEvent: Timestamp?
  private(set) var heartbeats = 0
  /// Receipt minus event time of the latest heartbeats.
  private(set) var delays: [Seconds] = []
  /// Receipt of the last heartbeat that told how many tasks it runs.
  private(set) var activeHeardAt: Timestamp?
  /// `processed` in its first heartbeat since our stream is whole.
  private var firstProcessed: Int?
  /// `processed` in its first heartbeat after a task event, or since our stream is whole.
  private var quietSince: Int?
  /// How far it has grown from there.
  private(set) var unseenRuns: Int?
  /// A whole heartbeat after `processed` had grown there was still no task event.
  private var isSilent = false

  private static let keptDelays = 10

  init(firstHeard: Timestamp) {
    self.firstHeard = firstHeard
    lastHeard = firstHeard
  }

  mutating func hear(at moment: Timestamp, isTaskEvent: Bool) {
    lastHeard = max(lastHeard, moment)
    guard isTaskEvent else { return }
    taskEvents += 1
    lastTaskEvent = moment
    quietSince = nil
    unseenRuns = nil
  }

  /// Takes a heartbeat's fields over; those it leaves out stay as they were.
  mutating func take(
    _ new: WorkerState, at moment: Timestamp, sentAt: Timestamp?, isOffline: Bool
  ) {
    offlineSince = isOffline ? moment : nil
    if !isOffline { note(sentAt, receivedAt: moment) }
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
    if let quietSince, let processed = new.processed {
      unseenRuns = max(0, processed.subtractingReportingOverflow(quietSince).partialValue)
    }
    quietSince = quietSince ?? new.processed
  }

  private mutating func note(_ sentAt: Timestamp?, receivedAt moment: Timestamp) {
    heartbeats += 1
    guard let sentAt else { return }
    delays.append(moment - sentAt)
    if delays.count > Self.keptDelays { delays.removeFirst() }
  }

  /// After a gap of our own stream, tasks may have been done whose events went unheard.
  mutating func streamResumed() {
    firstProcessed = nil
    quietSince = nil
    unseenRuns = nil
    delays = []
  }

  /// Ages stay what they are when the wall clock is set.
  mutating func clockJumped(by length: Seconds) {
    firstHeard = firstHeard + length
    lastHeard = lastHeard + length
    offlineSince = offlineSince.map { $0 + length }
    activeHeardAt = activeHeardAt.map { $0 + length }
    lastTaskEvent = lastTaskEvent.map { $0 + length }
    delays = []
  }

  var sendsTaskEvents: Observation<Bool> {
    if taskEvents > 0 { return .value(true) }
    if isSilent { return .value(false) }
    return .unavailable(
      firstProcessed == nil
        ? "neither a task event nor a heartbeat came yet"
        : "it has finished no task since taskmon listens")
  }

  /// What the snapshot says of it; `holding` is what it holds as far as heard.
  func facts(holding: WorkerHolding) -> WorkerEventFacts {
    WorkerEventFacts(
      heartbeats: heartbeats, taskEvents: taskEvents, lastTaskEvent: lastTaskEvent,
      heartbeatDelays: delays, unseenRuns: unseenRuns, held: holding.held,
      scheduled: holding.scheduled, longestHeld: holding.longest)
  }
}

/// The tasks one worker has received and not started.
struct WorkerHolding: Sendable, Equatable {
  private(set) var held = 0
  private(set) var scheduled = 0
  /// Of those due, the ones held longest first.
  private(set) var longest: [HeldTask] = []

  static let kept = 5

  /// Takes one more; `dueAt` is when it could have begun, `task` makes its description.
  mutating func add(dueAt: Double, now: Timestamp, _ task: (Timestamp) -> HeldTask) {
    held += 1
    let due = Timestamp(secondsSince1970: dueAt)
    guard due <= now else {
      scheduled += 1
      return
    }
    guard longest.count < Self.kept || due < longest[longest.count - 1].since else { return }
    longest.insert(task(due), at: longest.firstIndex { $0.since > due } ?? longest.count)
    if longest.count > Self.kept { longest.removeLast() }
  }
}
