import CeleryProtocol
import TaskmonUnits

/// One simulated worker process with its pool.
struct DemoWorker: Sendable {
  enum Pool: Sendable {
    case prefork
    /// Cannot enforce time limits.
    case threads
  }

  /// A message in the worker's hands that does not run yet.
  struct Held: Sendable {
    let task: OutgoingTask
    let kind: TaskKind
  }

  /// A run under way.
  struct Run: Sendable {
    let held: Held
    let startedAt: Timestamp
    /// Nil for a run that hangs.
    let endsAt: Timestamp?
    let outcome: Outcome
    /// The pool process, or the worker's own where the pool has threads.
    let pid: Int
    let acknowledged: Bool
  }

  /// How a run will end, decided when it begins.
  enum Outcome: Sendable {
    case success(JSONValue)
    case failure(Fault)
    /// To be tried again after so many seconds.
    case retry(Fault, seconds: Int)
    /// The process that ran it was killed.
    case killed
  }

  /// How a run is told to end, and after how many seconds; nil for as long as its kind takes.
  struct Fate: Sendable {
    var outcome: Outcome
    var runtime: Double?
  }

  let node: String
  let host: String
  let pid: Int
  let pool: Pool
  let slots: Int
  /// Of the pool; empty for threads.
  var processes: [Int]
  var queues: [String]
  /// Routing key and owner of the worker's own reply queue and gossip queue.
  let oid: String
  let startedAt: Timestamp
  var nextHeartbeat: Timestamp
  /// Whether it has found the application's tasks.
  var knowsTasks = true
  /// Tasks of the application that its version does not have.
  var lacks: Set<String> = []
  /// Connected, and takes nothing: the state after a lost connection that nobody noticed.
  var isDeaf = false
  /// Whether it was started with `-E`.
  var sendsTaskEvents = true
  /// How far its clock is ahead.
  var clockOffset = Seconds.zero
  /// `worker_prefetch_multiplier`.
  var multiplier = 4
  /// Whether its log is kept.
  var keepsLog = false
  var clock = 0
  var accepted = 0
  var totals: [JSONMember] = []
  var active: [Run] = []
  var reserved: [Held] = []
  /// Waiting for their `eta`.
  var scheduled: [Held] = []
  /// Its process is gone, with all it held; nobody was told.
  private(set) var isKilled = false
  /// Task events of this turn, sent together as the event loop of a worker does.
  var events: [JSONValue] = []

  var sender: EventEncoder.Sender { EventEncoder.Sender(hostname: node, pid: pid) }

  /// Deliveries not yet acknowledged; waiting ETA tasks do not count against the prefetch.
  private var unacknowledged: Int {
    reserved.count + active.count { !$0.acknowledged }
  }

  /// Each waiting ETA task adds one.
  var prefetchCount: Int { slots * multiplier + scheduled.count }
  var canTake: Int { isKilled || isDeaf ? 0 : max(0, slots * multiplier - unacknowledged) }

  /// What `kill -9` does to it: no goodbye, and what it had not sent is never sent.
  mutating func kill() {
    isKilled = true
    events = []
  }

  mutating func tick() -> Int {
    clock += 1
    return clock
  }

  mutating func count(_ task: String) {
    accepted += 1
    guard let index = totals.firstIndex(where: { $0.key == task }) else {
      totals.append(JSONMember(task, 1))
      return
    }
    totals[index].value = .whole((totals[index].value.int ?? 0) + 1)
  }
}
