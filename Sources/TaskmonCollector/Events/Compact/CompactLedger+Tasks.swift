import CeleryProtocol
import TaskmonUnits

/// How events of tasks change what is kept; see `CompactTask.State` for their order.
extension CompactLedger {
  mutating func sent(_ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp) {
    let (place, isNew) = place(of: event, body)
    let name = names.intern(event.name, in: body)
    let queue = queues.intern(event.queue, in: body)
    let retries = Self.attempt(event)
    let moment = moment(event, now)
    tasks.change(place) { record in
      if !isNew, retries > record.retries { record.beginAttempt(retries) }
      record.name = name ?? record.name
      record.queue = queue ?? record.queue
      guard retries >= record.retries else { return }
      if isNew || record.state == .retrying { record.state = .sent }
      record.retries = retries
      record.sentAt = moment
      record.eta = event.eta?.secondsSince1970 ?? .nan
    }
    let host = nodes.internHost(event.hostname, in: body)
    count(.sent, place, node: host)
    if let name { publishers.note(event.hostname, in: body, of: name, at: now) }
  }

  mutating func absorbTask(_ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp) {
    let worker = sender(event, body)
    workers.hear(worker, at: now, isTaskEvent: true)
    let (place, isNew) = place(of: event, body)
    if isNew || tasks.records[place].name == .max {
      let name = nameOfFailure(event, body) ?? names.intern(event.name, in: body)
      if let name { tasks.change(place) { $0.name = name } }
    }
    let moment = moment(event, now)
    switch event.kind {
    case .taskReceived: received(event, body, place, isNew, worker, moment)
    case .taskStarted: started(place, worker, moment, now)
    case .taskSucceeded: succeeded(event, place, worker, moment, now)
    case .taskFailed: failed(event, body, place, worker, moment, now)
    case .taskRetried: retried(event, body, place, worker, moment, now)
    case .taskRejected: end(.rejected, place, worker, moment)
    case .taskRevoked:
      end(.revoked, place, worker, moment)
      if event.expired == true { note(.expired, place, at: now) }
    case .workerOnline, .workerHeartbeat, .workerOffline, .taskSent, .other: break
    }
    if let outcome = event.kind.outcome { count(outcome, place, node: worker.node) }
  }

  private mutating func received(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ isNew: Bool,
    _ worker: WorkerBook.Key, _ moment: Double
  ) {
    let retries = Self.attempt(event)
    let name = isNew ? nil : names.intern(event.name, in: body)
    // A replaced task keeps its id and its number of retries; it names itself as its parent.
    let isOwnParent = !event.parentID.isAbsent && event.says(parentIsItselfIn: body)
    tasks.change(place) { record in
      let isLater = retries > record.retries
      let isReplaced = isOwnParent && retries == record.retries && record.starts > 0
      if !isNew, isLater || isReplaced {
        let (sentAt, state) = (record.sentAt, record.state)
        record.beginAttempt(retries)
        if state == .sent { record.sentAt = sentAt }
        record.state = .received
      }
      record.name = name ?? record.name
      guard retries >= record.retries else { return }
      record.retries = retries
      if record.deliveries < .max { record.deliveries += 1 }
      record.receivedAt = moment
      if let eta = event.eta { record.eta = eta.secondsSince1970 }
      if record.state < .received || record.state == .retrying { record.state = .received }
      if record.state == .received { record.take(worker) }
    }
  }

  private mutating func started(
    _ place: Int, _ worker: WorkerBook.Key, _ moment: Double, _ now: Timestamp
  ) {
    let record = tasks.records[place]
    let isAgain = record.starts > 0 && record.deliveries > 1
    if isAgain { ranTwice(place, by: worker, at: moment) }
    if record.starts == 0 { observeWait(place, worker, startedAt: moment) }
    tasks.change(place) { record in
      if record.starts < .max { record.starts += 1 }
      // The end may be heard first: batches of one worker keep no order between its processes.
      if record.state.isEnd, !(moment > record.endedAt) {
        record.startedAt = moment
        return
      }
      record.state = .started
      record.startedAt = moment
      record.startHeardAt = now.secondsSince1970
      record.take(worker)
    }
  }

  private mutating func succeeded(
    _ event: EventFrame, _ place: Int, _ worker: WorkerBook.Key, _ moment: Double,
    _ now: Timestamp
  ) {
    end(.succeeded, place, worker, moment)
    note(.completed, place, at: now)
    guard let runtime = event.runtime?.value else { return }
    let series = seriesPlace(of: place, node: worker.node)
    self.series.change(series) {
      $0.runtime.observe(runtime, bounds: FixedHistogram.runtimeBounds)
    }
    let name = Int(tasks.records[place].name)
    guard name < Int(NameTable.Index.max) else { return }
    while runtimes.count <= name { runtimes.append(nil) }
    if runtimes[name] == nil { runtimes[name] = LogHistogram() }
    runtimes[name]?.observe(runtime)
  }

  private mutating func failed(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ moment: Double, _ now: Timestamp
  ) {
    end(.failed, place, worker, moment)
    let failure = keep(event, body, place, worker, now)
    series.countFailure(failure, in: seriesPlace(of: place, node: worker.node))
    note(.completed, place, at: now)
    note(.failed, place, failure, at: now)
    if failure == workerLost { note(.workerLost, place, at: now) }
  }

  private mutating func retried(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ moment: Double, _ now: Timestamp
  ) {
    let record = tasks.records[place]
    // The next attempt is often received, and may have started, before this one's end is heard.
    let isPast =
      record.retries > 0
      && (record.state <= .received || (record.state == .started && moment < record.startedAt))
    if !isPast { end(.retrying, place, worker, moment) }
    note(.retried, place, keep(event, body, place, worker, now), at: now)
  }

  private mutating func end(
    _ state: CompactTask.State, _ place: Int, _ worker: WorkerBook.Key, _ moment: Double
  ) {
    tasks.change(place) { record in
      // With `reject` a failure is told as well: the failure says more, whichever comes first.
      if record.state == .failed, state == .rejected { return }
      record.state = state
      record.endedAt = moment
      record.take(worker)
    }
  }

  /// From when it could have been started to when it was; a wait for its eta is no wait.
  private mutating func observeWait(
    _ place: Int, _ worker: WorkerBook.Key, startedAt moment: Double
  ) {
    let record = tasks.records[place]
    var ready = record.sentAt.isNaN ? record.receivedAt : record.sentAt
    if record.eta > ready { ready = record.eta }
    guard !ready.isNaN else { return }
    series.change(seriesPlace(of: place, node: worker.node)) {
      $0.wait.observe(moment - ready, bounds: FixedHistogram.waitBounds)
    }
  }

  // MARK: Counting

  private mutating func count(_ outcome: TaskOutcome, _ place: Int, node: NameTable.Index) {
    series.change(seriesPlace(of: place, node: node)) { $0.count(outcome) }
  }

  /// The series of a task on a node; the record remembers the one it was counted in last.
  private mutating func seriesPlace(of place: Int, node: NameTable.Index) -> UInt32 {
    let record = tasks.records[place]
    let queue = record.queue == .max ? onlyQueues[node] ?? defaultQueue : record.queue
    let key = SeriesKey(name: record.name, node: node, queue: queue)
    let series = series.place(of: key, known: record.series)
    tasks.change(place) { $0.series = series }
    return series
  }

  private mutating func note(
    _ what: RecentCounts.What, _ place: Int, _ failure: NameTable.Index = .max, at now: Timestamp
  ) {
    recent.count(
      RecentCounts.Key(name: tasks.records[place].name, what: what, failure: failure), at: now)
  }

  /// Puts a failure into the ring; gives its class.
  private mutating func keep(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ now: Timestamp
  ) -> NameTable.Index {
    let failure = event.failureClass(in: body, &classes)
    let record = tasks.records[place]
    failureRing.add(
      FailureRing.Entry(
        key: record.key, at: event.timestamp ?? now, name: record.name, node: worker.node,
        failure: failure, isRetry: event.kind == .taskRetried,
        exception: FailureRing.RawText(event.exception, in: body),
        traceback: FailureRing.RawText(event.traceback, in: body)))
    return failure
  }

  /// The name in `NotRegistered('a.b')`: such a failure comes without any other event of its task.
  private mutating func nameOfFailure(
    _ event: EventFrame, _ body: Span<UInt8>
  ) -> NameTable.Index? {
    guard event.kind == .taskFailed, let repr = event.exception.string(in: body, limit: 512),
      repr.hasPrefix("NotRegistered("), let name = repr.split(separator: "'").dropFirst().first
    else { return nil }
    return names.intern(String(name))
  }

  private static func attempt(_ event: EventFrame) -> UInt8 {
    UInt8(clamping: event.retries ?? 0)
  }
}
