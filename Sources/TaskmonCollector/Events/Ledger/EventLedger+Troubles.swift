import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What is told apart among starts, failures and messages for the rules that ask for it.
extension EventLedger {
  // MARK: Attempts that begin anew

  /// Whether a message that comes under a known id is no second delivery but a new task: ids are
  /// free text, and may be used again.
  func isReused(_ record: TaskRecord, as name: NameTable.Index?) -> Bool {
    guard record.starts > 0 else { return false }
    if let name, record.name != NameTable.unknown, name != record.name { return true }
    // Redis hands out again what has not ended; who chose the id himself may choose it again.
    return record.key.isHash && record.hasEnded
  }

  /// Whether it is published once more under an id whose run has ended.
  func isPublishedAgain(_ record: TaskRecord, at moment: Double) -> Bool {
    record.starts > 0 && record.hasEnded && moment > record.sentAt
  }

  // MARK: Broadcasts

  /// Copies of a broadcast reach all workers that are free within this, in seconds.
  private static let broadcastSpan = 2.0

  /// Whether a receipt is another worker's copy of a broadcast, not a second delivery.
  func isBroadcastCopy(
    _ record: TaskRecord, at worker: WorkerBook.Key, _ moment: Double
  ) -> Bool {
    guard record.deliveries > 0, record.node != worker.node, record.node != NameTable.unknown,
      record.state != .rejected
    else { return false }
    if broadcasts.contains(record.queue) { return true }
    if abs(moment - record.receivedAt) < Self.broadcastSpan { return true }
    return record.queue == NameTable.unknown && broadcastNodes.contains(worker.node)
      && broadcastNodes.contains(record.node)
  }

  /// The broadcast a message is published to; nil where it is none, as far as is known.
  mutating func broadcast(_ event: EventFrame, _ body: Span<UInt8>) -> NameTable.Index? {
    guard !broadcasts.isEmpty, let exchange = queues.intern(event.exchange, in: body),
      broadcasts.contains(exchange)
    else { return nil }
    return exchange
  }

  /// The broadcasts a worker listens to.
  mutating func note(broadcasts exchanges: [String], ofNode node: String) {
    guard !exchanges.isEmpty else { return }
    for exchange in exchanges { broadcasts.insert(queues.intern(exchange)) }
    broadcasts.remove(NameTable.other)
    broadcastNodes.insert(nodes.intern(node))
    broadcastNodes.remove(NameTable.other)
  }

  // MARK: Failures

  /// Counts what an exception tells beyond its class.
  mutating func judge(
    _ event: EventFrame, _ body: Span<UInt8>, _ record: TaskRecord, _ failure: NameTable.Index
  ) {
    let isFirst = record.isAnnounced && record.retries == 0
    switch nature(of: failure) {
    case .ordinary: break
    case .transient:
      if isFirst, event.kind == .taskFailed {
        troubles.count(.transient(failure), of: record.name, at: tick)
      }
    case .transientBySaying:
      guard isFirst, event.kind == .taskFailed else { break }
      let isMeant = event.exception.withBytes(in: body, limit: 1024) {
        TransientError.isMeant(by: classes[failure], $0)
      }
      if isMeant == true { troubles.count(.transient(failure), of: record.name, at: tick) }
    case .transientByModule:
      guard isFirst, event.kind == .taskFailed,
        let end = event.traceback.tail(in: body, limit: 1024),
        TransientError.isMeant(by: classes[failure], traceback: end)
      else { break }
      troubles.count(.transient(failure), of: record.name, at: tick)
    case .loopFaultBySaying:
      let fault = event.exception.withBytes(in: body, limit: 1024) { LoopFault.said(in: $0) }
      if let fault = fault.flatMap(\.self) {
        troubles.count(.loopFault(fault), of: record.name, at: tick)
      }
    }
  }

  /// Looked up once for each class.
  private mutating func nature(of failure: NameTable.Index) -> ExceptionNature {
    guard failure != NameTable.unknown else { return .ordinary }
    while natures.count <= Int(failure) {
      natures.append(ExceptionNature(className: classes[NameTable.Index(natures.count)]))
    }
    return natures[Int(failure)]
  }

  // MARK: Fan-outs

  /// Remembers a payload that is large enough to be one; retries and replacements are none.
  ///
  /// Where no publisher tells what it sends, a worker's receipts stand for it if it consumes one
  /// queue only.
  mutating func watchFanout(_ event: EventFrame, _ body: Span<UInt8>, _ place: Int) {
    let record = tasks.records[place]
    let length = event.arguments.count + event.keywordArguments.count
    guard length >= FanoutWatch.leastBytes, record.retries == 0, let moment = event.timestamp,
      let queue = fanoutQueue(event, record),
      event.parentID.isAbsent || !event.says(parentIsItselfIn: body)
    else { return }
    let hasher = hasher
    var hash = event.arguments.withRawBytes(in: body) { hasher.hash($0) }
    hash = event.keywordArguments.withRawBytes(in: body) { hasher.hash($0, salt: hash) }
    if event.kind == .taskSent {
      hash = event.hostname.withRawBytes(in: body) { hasher.hash($0, salt: hash) }
    }
    let done = fanouts.published(
      hash, id: record.key, name: record.name, queue: queue, at: moment.secondsSince1970)
    if let done { troubles.count(.fanout(done.route), of: done.name, at: tick) }
  }

  private func fanoutQueue(_ event: EventFrame, _ record: TaskRecord) -> NameTable.Index? {
    if event.kind == .taskSent { return record.queue == NameTable.unknown ? nil : record.queue }
    guard kinds[Int(EventFrame.Kind.taskSent.rawValue)] == 0, record.node != NameTable.unknown,
      onlyQueues[record.node] != NameTable.unknown
    else { return nil }
    return onlyQueues[record.node]
  }

  /// A message that a worker holds tells where it was taken from; a broadcast has no queue.
  mutating func sawHeld(_ message: MessageFacts, from queue: String) {
    guard let id = message.taskID, let task = message.task else { return }
    let exchange = message.exchange.flatMap { queues.known($0) }
    let isBroadcast = exchange.map(broadcasts.contains) ?? false
    if !queue.isEmpty, !isBroadcast { note(queue: queue, of: id, named: task) }
    sawMessage(id, isPartOfGroup: message.isPartOfGroup)
  }

  /// A message that waits or is held tells whether a fan-out is a group.
  mutating func sawMessage(_ id: String, isPartOfGroup: Bool) {
    guard !fanouts.completed.isEmpty, let done = fanouts.saw(TaskKey(id, hasher)) else { return }
    troubles.count(.fanoutSeen(done.route, isPart: isPartOfGroup), of: done.name, at: tick)
  }

  // MARK: Reading

  /// By the number of the task's name.
  func marks(at tick: Int64) -> [NameTable.Index: TaskMarks] {
    var found: [NameTable.Index: TaskMarks] = [:]
    for (key, count) in troubles.recent(at: tick) {
      add(key.what, count, to: &found[key.name, default: .none])
    }
    return found
  }

  private func add(_ what: TroubleMeters.What, _ count: Int, to marks: inout TaskMarks) {
    switch what {
    case .transient(let failure): marks.transient[classes[failure], default: 0] += count
    case .loopFault(let fault): marks.loopFaults[fault.rawValue, default: 0] += count
    case .duplicate(let first): marks.duplicates[worker(first), default: 0] += count
    case .handedBack: marks.handedBack += count
    case .laterAttempt: marks.laterAttempts += count
    case .fanout(let route):
      marks.fanouts[names(of: route), default: FanoutCounts()].count += count
    case .fanoutSeen(let route, isPart: true):
      marks.fanouts[names(of: route), default: FanoutCounts()].parts += count
    case .fanoutSeen(let route, isPart: false):
      marks.fanouts[names(of: route), default: FanoutCounts()].single += count
    }
  }

  private func names(of route: FanoutWatch.Route) -> [String] {
    route.queues.map { queues[$0] }.sorted()
  }
}

extension TaskRecord {
  /// Its run is over, and no message of it is known to be on its way.
  fileprivate var hasEnded: Bool {
    switch state {
    case .succeeded, .failed, .revoked, .endedUnheard: true
    case .sent, .received, .started, .retrying, .rejected: false
    }
  }
}
