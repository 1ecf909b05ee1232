import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// How events of tasks change what is kept; see `TaskRecord.State` for their order.
extension EventLedger {
  mutating func sent(_ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp) {
    let (place, isNew) = place(of: event, body)
    let name = names.intern(event.name, in: body)
    let queue = broadcast(event, body) ?? queues.intern(event.queue, in: body)
    let retries = Self.attempt(event)
    let moment = moment(event, now)
    // A retry and a replacement are sent within the run they follow, under its id.
    let isOwnParent = !event.parentID.isAbsent && event.says(parentIsItselfIn: body)
    let isAnew = isPublishedAgain(tasks.records[place], at: moment)
    tasks.change(place) { record in
      let isReplacement =
        isOwnParent && retries == record.retries && (!record.sentAt.isNaN || record.name != name)
      // A child is quicker than the worker that tells of its run: that may be yet to be received.
      let isToCome = record.isUnderWay || !isNew && record.state == .sent
      if isToCome, retries > record.retries || isReplacement {
        return record.announceNext(sentAt: moment, queue: queue)
      }
      if !isNew, retries > record.retries { record.beginAttempt(retries) }
      if isAnew, retries <= record.retries {
        record.beginTask(retries)
      } else if retries == record.retries, moment > record.sentAt, record.copies < .max {
        // Publishers are heard sooner than workers: its first run may be still to be heard.
        record.copies += 1
      }
      record.name = name ?? record.name
      record.queue = queue ?? record.queue
      guard retries >= record.retries else { return }
      if isNew || record.state == .retrying { record.state = .sent }
      record.retries = retries
      record.sentAt = moment
      record.eta = event.eta?.secondsSince1970 ?? .nan
    }
    let host = nodes.internHost(event.hostname, in: body)
    countSent(name, queue, place, by: host)
    watchFanout(event, body, place)
    guard retries == 0, let key = periodicKey(event, body, name) else { return }
    let publisher = event.hostname.string(in: body, limit: 256) ?? ""
    beats.published(
      key, id: idText(tasks.records[place].key), by: publisher,
      at: Timestamp(secondsSince1970: moment))
  }

  /// Nil for all tasks but those of a known schedule.
  private func periodicKey(
    _ event: EventFrame, _ body: Span<UInt8>, _ name: NameTable.Index?
  ) -> PeriodicKey? {
    guard let name, watchedNames.contains(name) else { return nil }
    return PeriodicKey(event.announcement(in: body))
  }

  mutating func absorbTask(_ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp) {
    let worker = sender(event, body)
    workers.hear(worker, at: now, isTaskEvent: true)
    let (place, isNew) = place(of: event, body)
    if isNew || tasks.records[place].name == NameTable.unknown {
      let name = nameOfFailure(event, body) ?? names.intern(event.name, in: body)
      if let name { tasks.change(place) { $0.name = name } }
    }
    let moment = moment(event, now)
    switch event.kind {
    case .taskReceived: received(event, body, place, isNew, worker, moment)
    case .taskStarted: started(place, worker, moment, now)
    case .taskSucceeded: succeeded(event, place, worker, moment)
    case .taskFailed: failed(event, body, place, worker, moment)
    case .taskRetried: retried(event, body, place, worker, moment)
    case .taskRejected: end(.rejected, place, worker, moment)
    case .taskRevoked:
      end(.revoked, place, worker, moment)
      if event.expired == true { count(.expired, place, node: worker.node) }
    case .workerOnline, .workerHeartbeat, .workerOffline, .taskSent, .other: break
    }
    if let outcome = event.kind.outcome { count(outcome, place, node: worker.node) }
  }

  private mutating func received(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ isNew: Bool,
    _ worker: WorkerBook.Key, _ moment: Double
  ) {
    let retries = Self.attempt(event)
    let name = names.intern(event.name, in: body)
    // A replaced task keeps its id and its number of retries; it names itself as its parent.
    let isOwnParent = !event.parentID.isAbsent && event.says(parentIsItselfIn: body)
    let before = tasks.records[place]
    let isReused = !isOwnParent && isReused(before, as: name)
    let isCopy = isBroadcastCopy(before, at: worker, moment)
    tasks.change(place) { record in
      let isLater = retries > record.retries
      let isReplaced = isOwnParent && retries == record.retries && record.starts > 0
      if !isNew, isReused, retries <= record.retries { record.beginTask(retries) }
      if !isNew, isLater || isReplaced {
        let (sentAt, state) = (record.sentAt, record.state)
        // A retry may be received before its predecessor's end is heard.
        record.owesRetried = isLater && state == .started
        record.beginAttempt(retries)
        if state == .sent { record.sentAt = sentAt }
        record.state = .received
      }
      record.name = name ?? record.name
      guard retries >= record.retries else { return }
      record.retries = retries
      if record.deliveries < .max { record.deliveries += 1 }
      if isCopy, record.deliveries > 1, record.copies < .max { record.copies += 1 }
      record.receivedAt = moment
      if let eta = event.eta { record.eta = eta.secondsSince1970 }
      if record.state < .received || record.state == .retrying { record.state = .received }
      if record.state == .received { record.take(worker) }
    }
    if retries > 0 { troubles.count(.laterAttempt, of: tasks.records[place].name, at: tick) }
    watchFanout(event, body, place)
    let after = tasks.records[place]
    if after.deliveries > 1, retries == after.retries {
      count(.redelivered, place, node: worker.node)
    }
    let isFirst = isNew || before.receivedAt.isNaN && before.state <= .sent
    guard isFirst, retries == 0, let key = periodicKey(event, body, name) else { return }
    beats.received(key, at: Timestamp(secondsSince1970: moment))
  }

  private mutating func started(
    _ place: Int, _ worker: WorkerBook.Key, _ moment: Double, _ now: Timestamp
  ) {
    let record = tasks.records[place]
    let isOneOfCopies = record.starts <= record.copies
    if record.starts > 0, record.deliveries > 1, !isOneOfCopies {
      ranTwice(place, by: worker, at: moment)
    }
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

  private mutating func ranTwice(
    _ place: Int, by second: WorkerBook.Key, at moment: Double
  ) {
    let record = tasks.records[place]
    count(.duplicate, place, node: second.node)
    let first = WorkerBook.Key(node: record.node, pid: record.pid)
    troubles.count(
      record.state == .rejected ? .handedBack : .duplicate(first), of: record.name, at: tick)
    if duplicates.count >= budget.recentDuplicates { duplicates.removeFirst() }
    duplicates.append(
      DuplicateExecution(
        id: idText(record.key), task: name(record.name), retries: Int(record.retries),
        first: worker(first),
        firstAt: Self.timestamp(record.startedAt), second: worker(second),
        secondAt: Timestamp(secondsSince1970: moment)))
  }

  private mutating func succeeded(
    _ event: EventFrame, _ place: Int, _ worker: WorkerBook.Key, _ moment: Double
  ) {
    let runtime = event.runtime?.value
    end(.succeeded, place, worker, moment, runtime: runtime ?? .nan)
    guard let runtime else { return }
    let run = RunExemplar(key: tasks.records[place].key, time: runtime, at: moment)
    let bounds = series.bounds
    series.change(seriesPlace(of: place, node: worker.node)) { $0.observe(run, bounds) }
    runtimes[tasks.records[place].name, default: LogHistogram()].observe(runtime)
  }

  private mutating func failed(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ moment: Double
  ) {
    end(.failed, place, worker, moment)
    let failure = keep(event, body, place, worker, moment)
    series.countFailure(failure, in: seriesPlace(of: place, node: worker.node))
    if failure == workerLost { count(.workerLost, place, node: worker.node) }
  }

  /// The end of an attempt whose successor is on its way already does not end the successor.
  private mutating func retried(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ moment: Double
  ) {
    let record = tasks.records[place]
    if record.owesRetried {
      tasks.change(place) { $0.owesRetried = false }
      remember(.retried, record, worker, moment, isOver: true)
    } else if record.state != .received {
      end(.retrying, place, worker, moment)
    } else {
      remember(.retried, record, worker, moment, isOver: record.retries > 0)
    }
    _ = keep(event, body, place, worker, moment)
  }

  private mutating func end(
    _ state: TaskRecord.State, _ place: Int, _ worker: WorkerBook.Key, _ moment: Double,
    runtime: Double = .nan
  ) {
    if let outcome = state.outcome, tasks.records[place].state != .failed || state != .rejected {
      remember(outcome, tasks.records[place], worker, moment, runtime: runtime)
    }
    tasks.change(place) { record in
      // With `reject` a failure is told as well: the failure says more, whichever comes first.
      if record.state == .failed, state == .rejected { return }
      record.state = state
      record.endedAt = moment
      record.owesRetried = false
      record.take(worker)
    }
  }

  /// Notes that an attempt has ended; where `isOver`, the record is already of the next one.
  private mutating func remember(
    _ outcome: RecentRun.Outcome, _ record: TaskRecord, _ worker: WorkerBook.Key,
    _ moment: Double, runtime: Double = .nan, isOver: Bool = false
  ) {
    let retries = isOver ? record.retries - min(record.retries, 1) : record.retries
    let entry = RunRing.Entry(
      key: record.key, name: record.name, queue: record.queue, worker: worker, outcome: outcome,
      retries: record.isAnnounced ? retries : nil,
      startedAt: isOver ? .nan : record.startedAt, endedAt: moment, runtime: runtime)
    if outcome == .failed { runRing.hasFailed(entry) } else { runRing.add(entry) }
  }

  /// From when it could have been started to when it was; a wait for its eta is no wait.
  private mutating func observeWait(
    _ place: Int, _ worker: WorkerBook.Key, startedAt moment: Double
  ) {
    let record = tasks.records[place]
    guard let ready = record.readyAt else { return }
    let bounds = series.bounds
    series.change(seriesPlace(of: place, node: worker.node)) {
      $0.wait.observe(moment - ready, bounds: bounds.wait)
    }
    waits[record.name, default: LogHistogram()].observe(moment - ready)
  }

  // MARK: Counting

  private mutating func count(_ outcome: TaskOutcome, _ place: Int, node: NameTable.Index) {
    series.change(seriesPlace(of: place, node: node)) { $0.count(outcome) }
    taskMeters.count(outcome, of: tasks.records[place].name, at: tick)
    nodeMeters.count(outcome, of: node, at: tick)
  }

  /// Under the event's own name and queue: the record may still be of the run it follows.
  private mutating func countSent(
    _ name: NameTable.Index?, _ queue: NameTable.Index?, _ place: Int, by host: NameTable.Index
  ) {
    let record = tasks.records[place]
    let name = name ?? record.name
    var queue = queue ?? record.queue
    if queue == NameTable.unknown { queue = usualQueue(of: name, host) }
    let key = SeriesKey(name: name, node: host, queue: queue)
    series.change(series.place(of: key, known: TaskRecord.noIndex)) { $0.count(.sent) }
    taskMeters.count(.sent, of: name, at: tick)
    nodeMeters.count(.sent, of: host, at: tick)
  }

  /// The series of a task on a node; the record remembers the one it was counted in last.
  private mutating func seriesPlace(of place: Int, node: NameTable.Index) -> UInt32 {
    let record = tasks.records[place]
    let queue = record.queue == NameTable.unknown ? usualQueue(of: record.name, node) : record.queue
    let key = SeriesKey(name: record.name, node: node, queue: queue)
    let series = series.place(of: key, known: record.series)
    tasks.change(place) { $0.series = series }
    return series
  }

  private func usualQueue(of name: NameTable.Index, _ node: NameTable.Index) -> NameTable.Index {
    if onlyQueues[node] != NameTable.unknown { return onlyQueues[node] }
    return seenQueues[name] != NameTable.unknown ? seenQueues[name] : defaultQueue
  }

  /// Puts a failure into the ring and counts it by its class; gives the class.
  private mutating func keep(
    _ event: EventFrame, _ body: Span<UInt8>, _ place: Int, _ worker: WorkerBook.Key,
    _ moment: Double
  ) -> NameTable.Index {
    let failure = event.failureClass(in: body, &classes)
    let record = tasks.records[place]
    let isRetry = event.kind == .taskRetried
    if failure != NameTable.unknown {
      failureMeters.count(failure, of: record.name, isRetry: isRetry, at: tick)
      judge(event, body, record, failure)
    }
    failureRing.add(
      FailureRing.Entry(
        key: record.key, at: Timestamp(secondsSince1970: moment), name: record.name,
        queue: record.queue, worker: worker, failure: failure, isRetry: isRetry,
        retries: record.isAnnounced ? record.retries : nil,
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
