import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What the event stream has told so far, in bounded memory: a value that takes frames in.
///
/// Takes about a microsecond an event and makes no text for any but the first of its kind. Never
/// copied while events come in (it may hold tens of megabytes): others take what they need of it.
struct CompactLedger: Sendable {
  /// How much is kept.
  struct Limits: Sendable, Equatable {
    var tasks = 200_000
    /// Of each kind: task names, node names, queues, failure classes.
    var names = 10_000
    var series = 10_000
    var recent = 20_000
    var failures = 500
    var duplicates = 100
    var workers = 5000
    /// Ids that are no UUIDs and are kept as text.
    var textIDs = 10_000

    init() {}
  }

  /// A second start of an attempt that a second delivery brought.
  struct Duplicate: Sendable, Equatable {
    var id: String
    var task: String?
    var first: WorkerID
    var firstAt: Timestamp?
    var second: WorkerID
    var secondAt: Timestamp
  }

  let hasher: ByteHash
  let limits: Limits
  var names: NameTable
  var nodes: NameTable
  var queues: NameTable
  var classes: NameTable
  var tasks: TaskBook
  var workers: WorkerBook
  var series: SeriesTable
  var recent: RecentCounts
  var failureRing: FailureRing
  var publishers: PublisherWatch
  var runtimes: [LogHistogram?] = []
  /// Texts of the ids that are no UUIDs.
  var textIDs: [TaskKey: String] = [:]
  /// Queues of workers that consume one only, by the number of their node name.
  var onlyQueues: [NameTable.Index: NameTable.Index] = [:]
  private(set) var duplicates: [Duplicate] = []
  private(set) var duplicateCounts: [NameTable.Index: Int] = [:]
  let defaultQueue: NameTable.Index
  let workerLost: NameTable.Index
  /// Events of every kind, by the kind's number.
  var kinds = [UInt64](repeating: 0, count: Int(EventFrame.Kind.other.rawValue) + 1)
  var lag: Seconds?

  init(
    limits: Limits = Limits(), seed: UInt64 = .random(in: .min ... .max),
    defaultQueue: String = "celery"
  ) {
    self.limits = limits
    hasher = ByteHash(seed: seed)
    names = NameTable(limit: limits.names, hasher: hasher)
    nodes = NameTable(limit: limits.names, hasher: hasher)
    queues = NameTable(limit: limits.names, hasher: hasher)
    classes = NameTable(limit: limits.names, hasher: hasher)
    self.defaultQueue = queues.intern(defaultQueue)
    workerLost = classes.intern("WorkerLostError")
    tasks = TaskBook(limit: limits.tasks, hasher: hasher)
    workers = WorkerBook(limit: limits.workers)
    series = SeriesTable(limit: limits.series)
    recent = RecentCounts(limit: limits.recent)
    failureRing = FailureRing(limit: limits.failures)
    publishers = PublisherWatch(hasher: hasher)
  }

  /// Takes one event in; `body` is where its texts lie.
  mutating func absorb(_ event: EventFrame, in body: Span<UInt8>, receivedAt: Timestamp) {
    kinds[Int(event.kind.rawValue)] &+= 1
    lag = receivedAt - (event.timestamp ?? receivedAt)
    switch event.kind {
    case .workerOnline, .workerHeartbeat, .workerOffline:
      absorbWorker(event, body, receivedAt)
    case .taskSent: sent(event, body, receivedAt)
    case .taskReceived, .taskStarted, .taskSucceeded, .taskFailed, .taskRetried, .taskRejected,
      .taskRevoked:
      absorbTask(event, body, receivedAt)
    case .other: break
    }
  }

  private mutating func absorbWorker(
    _ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp
  ) {
    let worker = sender(event, body)
    workers.hear(worker, at: now, isTaskEvent: false)
    workers.take(
      event.workerState(in: body), of: worker, at: now,
      isOffline: event.kind == .workerOffline)
  }

  func moment(_ event: EventFrame, _ now: Timestamp) -> Double {
    (event.timestamp ?? now).secondsSince1970
  }

  mutating func sender(_ event: EventFrame, _ body: Span<UInt8>) -> WorkerBook.Key {
    let node = nodes.intern(event.hostname, in: body) ?? NameTable.other
    return WorkerBook.Key(node: node, pid: event.pid.flatMap(Int32.init(exactly:)) ?? Self.noPid)
  }

  static let noPid = CompactTask.noPid

  /// The record of an event's task, and whether it is new.
  mutating func place(of event: EventFrame, _ body: Span<UInt8>) -> (place: Int, isNew: Bool) {
    let hasher = hasher
    let key =
      event.id.withBytes(in: body, limit: 4096) { TaskKey($0, hasher) } ?? TaskKey("", hasher)
    let (place, isNew, gone) = tasks.take(key)
    if let gone, gone.isHash { textIDs[gone] = nil }
    if isNew, key.isHash, textIDs.count < limits.textIDs {
      textIDs[key] = event.id.string(in: body, limit: 256)
    }
    return (place, isNew)
  }

  mutating func ranTwice(_ place: Int, by second: WorkerBook.Key, at moment: Double) {
    let record = tasks.records[place]
    duplicateCounts[record.name, default: 0] += 1
    if duplicates.count >= limits.duplicates { duplicates.removeFirst() }
    duplicates.append(
      Duplicate(
        id: idText(record.key), task: name(record.name),
        first: worker(WorkerBook.Key(node: record.node, pid: record.pid)),
        firstAt: Self.timestamp(record.startedAt), second: worker(second),
        secondAt: Timestamp(secondsSince1970: moment)))
  }
}
