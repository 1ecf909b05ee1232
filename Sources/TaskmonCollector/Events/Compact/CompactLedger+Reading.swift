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
  var state: CompactTask.State
  var retries: Int
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

/// The counts of one task on one worker out of one queue, with their names.
struct TaskSeries: Sendable, Equatable {
  /// Nil where the events that carry the name were not heard.
  var task: String?
  var node: String
  var queue: String
  var series: Series
  /// Failures by class; nil for the class that no text named.
  var failures: [String?: UInt64]
}

/// What others take of the ledger: values of their own, as few as they ask for.
extension CompactLedger {
  /// Events of every kind.
  var received: Int { Int(clamping: kinds.reduce(0, &+)) }

  func count(of kind: EventFrame.Kind) -> Int { Int(clamping: kinds[Int(kind.rawValue)]) }

  func task(_ id: String) -> TaskSighting? {
    tasks.place(of: TaskKey(id, hasher)).map { sighting(tasks.records[$0]) }
  }

  /// What has started and not ended, the latest start heard first.
  func running(atMost limit: Int) -> [TaskSighting] {
    var found: [TaskSighting] = []
    var place = tasks.newestRun
    while place != CompactTask.noIndex, found.count < limit {
      let record = tasks.records[Int(place)]
      found.append(sighting(record))
      place = record.olderRun
    }
    return found
  }

  /// A run that an `active` reply newer than its start does not list has ended unheard.
  mutating func endedUnheard(_ id: String) {
    guard let place = tasks.place(of: TaskKey(id, hasher)) else { return }
    tasks.change(place) { record in
      record.state = .endedUnheard
      record.endedAt = record.startedAt
    }
  }

  /// A message seen in a queue tells which queue its task is of.
  mutating func noteQueue(_ queue: String, of id: String) {
    guard let place = tasks.place(of: TaskKey(id, hasher)) else { return }
    let queue = queues.intern(queue)
    tasks.change(place) { if $0.queue == .max { $0.queue = queue } }
  }

  /// The queue of a worker that consumes no other; nil where it consumes several.
  mutating func noteOnlyQueue(_ queue: String?, ofNode node: String) {
    onlyQueues[nodes.intern(node)] = queue.map { queues.intern($0) }
  }

  func allSeries() -> [TaskSeries] {
    var failures: [UInt32: [String?: UInt64]] = [:]
    for (key, count) in series.failures {
      failures[key.series, default: [:]][self.className(key.failure), default: 0] += count
    }
    return series.all.enumerated().compactMap { place, series in
      guard place > 0 || series.counts.contains(where: { $0 > 0 }) else { return nil }
      return TaskSeries(
        task: name(series.key.name), node: nodes[series.key.node],
        queue: queues[series.key.queue], series: series, failures: failures[UInt32(place)] ?? [:])
    }
  }

  func failures(atMost limit: Int) -> [FailureSighting] {
    failureRing.newestFirst.prefix(limit).map { entry in
      FailureSighting(
        id: idText(entry.key), at: entry.at, task: name(entry.name), node: nodes[entry.node],
        isRetry: entry.isRetry, className: className(entry.failure),
        exception: entry.exception?.resolved, traceback: entry.traceback?.resolved)
    }
  }

  /// How long the runs of a task took; nil before one was seen to succeed.
  func runtimes(of task: String) -> RuntimeStatistics? {
    guard let name = names.known(task), Int(name) < runtimes.count,
      let histogram = runtimes[Int(name)], let p99 = histogram.quantile(0.99)
    else { return nil }
    return RuntimeStatistics(runs: histogram.count, p99: p99)
  }

  func publishers(of task: String) -> [PublisherSighting] {
    names.known(task).map { publishers.publishers(of: $0) } ?? []
  }

  /// The workers heard, with what they said.
  var heardWorkers: [WorkerID: WorkerRecord] {
    Dictionary(
      workers.records.map { (worker($0.key), $0.record) }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Names

  func name(_ index: NameTable.Index) -> String? { index == .max ? nil : names[index] }

  func className(_ index: NameTable.Index) -> String? { index == .max ? nil : classes[index] }

  func worker(_ key: WorkerBook.Key) -> WorkerID {
    WorkerID(name: nodes[key.node], pid: key.pid == CompactTask.noPid ? nil : Int(key.pid))
  }

  func idText(_ key: TaskKey) -> String { textIDs[key] ?? key.text }

  static func timestamp(_ seconds: Double) -> Timestamp? {
    seconds.isNaN ? nil : Timestamp(secondsSince1970: seconds)
  }

  private func sighting(_ record: CompactTask) -> TaskSighting {
    TaskSighting(
      id: idText(record.key), task: name(record.name),
      queue: record.queue == .max ? nil : queues[record.queue],
      worker: record.node == .max
        ? nil : worker(WorkerBook.Key(node: record.node, pid: record.pid)),
      state: record.state, retries: Int(record.retries), starts: Int(record.starts),
      deliveries: Int(record.deliveries), sentAt: Self.timestamp(record.sentAt),
      receivedAt: Self.timestamp(record.receivedAt),
      startedAt: Self.timestamp(record.startedAt), endedAt: Self.timestamp(record.endedAt),
      eta: Self.timestamp(record.eta), startHeardAt: Self.timestamp(record.startHeardAt))
  }
}
