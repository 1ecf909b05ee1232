import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// One task as the ledger knows it.
struct TaskSighting: Sendable, Equatable {
  var id: String
  /// Nil where the event that carries the name was not heard.
  var task: String?
  var queue: String?
  /// Nil before a worker received it.
  var worker: WorkerID?
  var state: TaskRecord.State
  /// Nil where the event that tells was not heard.
  var retries: Int?
  /// Of the present attempt.
  var starts: Int
  var deliveries: Int
  /// Moments by the senders' clocks; nil where unheard.
  var sentAt: Timestamp?
  var receivedAt: Timestamp?
  var startedAt: Timestamp?
  var endedAt: Timestamp?
  var eta: Timestamp?
  /// By our own clock.
  var startHeardAt: Timestamp?
}

/// What others take of the ledger: values of their own, as few as they ask for.
extension EventLedger {
  /// Events of every kind.
  var received: Int { Int(clamping: kinds.reduce(0, &+)) }

  func count(of kind: EventFrame.Kind) -> Int { Int(clamping: kinds[Int(kind.rawValue)]) }

  /// Task events by type; types that never came are left out.
  var counts: [String: Int] {
    let named: [(EventFrame.Kind, String)] = [
      (.taskSent, "task-sent"), (.taskReceived, "task-received"), (.taskStarted, "task-started"),
      (.taskSucceeded, "task-succeeded"), (.taskFailed, "task-failed"),
      (.taskRetried, "task-retried"), (.taskRejected, "task-rejected"),
      (.taskRevoked, "task-revoked"),
    ]
    return Dictionary(
      named.compactMap { kind, type in count(of: kind) > 0 ? (type, count(of: kind)) : nil },
      uniquingKeysWith: { first, _ in first })
  }

  /// Workers, and tasks whose end was not heard, that there was no room for.
  var dropped: Int { workers.dropped + tasks.dropped + troubles.dropped }

  func task(_ id: String) -> TaskSighting? {
    tasks.place(of: TaskKey(id, hasher)).map { sighting(tasks.records[$0]) }
  }

  /// The ids of what has started and not ended, the earliest start heard first.
  var running: [String] {
    var ids: [String] = []
    tasks.forEach(in: tasks.running) { _, record in ids.append(idText(record.key)) }
    return ids
  }

  /// How long the runs of a task took; nil before enough were seen to succeed.
  func usual(of task: String) -> RuntimeStatistics? {
    guard let name = names.known(task), let histogram = runtimes[name],
      histogram.count >= budget.usualRuns, let p99 = histogram.quantile(0.99)
    else { return nil }
    return RuntimeStatistics(runs: histogram.count, p99: p99)
  }

  /// The workers heard, with what they said.
  var heardWorkers: [WorkerID: WorkerRecord] {
    Dictionary(
      workers.records.map { (worker($0.key), $0.record) }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Names

  func name(_ index: NameTable.Index) -> String? {
    index == NameTable.unknown ? nil : names[index]
  }

  func className(_ index: NameTable.Index) -> String? {
    index == NameTable.unknown ? nil : classes[index]
  }

  func worker(_ key: WorkerBook.Key) -> WorkerID {
    WorkerID(name: nodes[key.node], pid: key.pid == Self.noPid ? nil : Int(key.pid))
  }

  func idText(_ key: TaskKey) -> String { textIDs[key] ?? key.text }

  static func timestamp(_ seconds: Double) -> Timestamp? {
    seconds.isNaN ? nil : Timestamp(secondsSince1970: seconds)
  }

  func sighting(_ record: TaskRecord) -> TaskSighting {
    TaskSighting(
      id: idText(record.key), task: name(record.name),
      queue: record.queue == NameTable.unknown ? nil : queues[record.queue],
      worker: record.worker.map(worker), state: record.state,
      retries: record.isAnnounced ? Int(record.retries) : nil, starts: Int(record.starts),
      deliveries: Int(record.deliveries), sentAt: Self.timestamp(record.sentAt),
      receivedAt: Self.timestamp(record.receivedAt),
      startedAt: Self.timestamp(record.startedAt), endedAt: Self.timestamp(record.endedAt),
      eta: Self.timestamp(record.eta), startHeardAt: Self.timestamp(record.startHeardAt))
  }
}
