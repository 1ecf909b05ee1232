import CeleryProtocol
import RedisClient
import TaskmonUnits

// What workers do with messages.
extension DemoFleet {
  /// Lets a task hang on the worker whose pool enforces no limit; it was acknowledged early.
  mutating func hang(task name: String, since moment: Timestamp) {
    guard let kind = shop.kind(name),
      let index = workers.firstIndex(where: { $0.pool == .threads })
    else { return }
    let task = compose(kind, publisher: 0, at: moment)
    workers[index].count(kind.name)
    workers[index].active.append(
      DemoWorker.Run(
        held: DemoWorker.Held(task: task, kind: kind), startedAt: moment, endsAt: nil,
        outcome: .success(nil), pid: workers[index].pid, acknowledged: true))
  }

  /// A message taken from a list: noted as unacknowledged, and announced.
  ///
  /// One that the fleet did not write is dropped, as a worker drops what it cannot read.
  mutating func deliver(_ element: [UInt8], to index: Int, at now: Timestamp) {
    guard let message = try? TaskMessage(decoding: element), let tag = message.deliveryTag,
      let task = inFlight.removeValue(forKey: tag)
    else { return }
    guard let kind = shop.kind(task.task) else { return refuse(task, on: index, at: now) }
    if workers[index].lacks.contains(task.task) { return refuse(task, on: index, at: now) }
    if isOver(task, at: now) { return expire(task, on: index, at: now) }
    let entry = EnvelopeWriter.unackedEntry(
      message: element, exchange: task.exchange, routingKey: task.queue)
    outbox += [
      .multi,
      .add(Array(tag.utf8), score: now.secondsSince1970, to: layout.unackedIndex),
      .set(Array(tag.utf8), to: entry, in: layout.unacked),
      .exec,
    ]
    let clock = workers[index].tick()
    workers[index].events.append(
      EventEncoder.received(
        workers[index].sender, clock: clock, task: task, at: now + workers[index].clockOffset))
    log("INFO/MainProcess] celery.worker.strategy: Task \(title(task)) received", index, at: now)
    let held = DemoWorker.Held(task: task, kind: kind)
    if task.eta.map({ $0 > now }) == true {
      workers[index].scheduled.append(held)
    } else {
      workers[index].reserved.append(held)
    }
  }

  /// A task that no worker has registered: its message is gone, and a failure is stored.
  private mutating func refuse(_ task: OutgoingTask, on index: Int, at now: Timestamp) {
    let result = ResultEncoder.exception(
      type: "NotRegistered", arguments: [.string(task.task)], module: "celery.exceptions")
    store("FAILURE", result, of: task, on: index, at: now)
    let name = PythonRepr.text(of: JSONValue.string(task.task))
    note(.failed(exception: "NotRegistered(\(name))", traceback: nil), of: task, on: index, at: now)
  }

  mutating func wakeScheduled(of index: Int, at now: Timestamp) {
    let isDue = { (held: DemoWorker.Held) in held.task.eta.map { $0 <= now } ?? true }
    let due = workers[index].scheduled.filter(isDue)
    guard !due.isEmpty else { return }
    workers[index].scheduled.removeAll(where: isDue)
    workers[index].reserved += due
  }

  mutating func startRuns(of index: Int, at now: Timestamp) {
    while workers[index].active.count < workers[index].slots, !workers[index].reserved.isEmpty {
      let held = workers[index].reserved.removeFirst()
      if isOver(held.task, at: now) {
        acknowledge(held.task)
        expire(held.task, on: index, at: now)
        continue
      }
      if !held.kind.acksLate { acknowledge(held.task) }
      let busy = Set(workers[index].active.map(\.pid))
      let free = workers[index].processes.first { !busy.contains($0) }
      workers[index].count(held.task.task)
      let fate = prescribed.removeValue(forKey: held.task.id)
      let runtime = fate?.runtime ?? random.between(held.kind.runtime)
      workers[index].active.append(
        DemoWorker.Run(
          held: held, startedAt: now, endsAt: now + Seconds(runtime),
          outcome: fate?.outcome ?? outcome(of: held), pid: free ?? workers[index].pid,
          acknowledged: !held.kind.acksLate))
      note(.started, of: held.task, on: index, at: now)
    }
  }

  private mutating func outcome(of held: DemoWorker.Held) -> DemoWorker.Outcome {
    if held.task.retries < held.kind.maxRetries, random.chance(held.kind.retryChance) {
      // `retry_backoff` with its jitter: whole seconds, up to 1, 2, 4.
      let longest = 1 << min(max(0, held.task.retries), 16)
      let seconds = random.whole(1...min(longest, held.kind.longestPause))
      return .retry(.gatewayClosed, seconds: seconds)
    }
    if random.chance(held.kind.failureChance) { return .failure(.badRecord) }
    return .success(held.kind.result(&random))
  }

  mutating func finishRuns(of index: Int, until now: Timestamp) {
    let ended = workers[index].active
      .filter { run in run.endsAt.map { $0 <= now } ?? false }
      .sorted { ($0.endsAt ?? now) < ($1.endsAt ?? now) }
    guard !ended.isEmpty else { return }
    workers[index].active.removeAll { run in run.endsAt.map { $0 <= now } ?? false }
    for run in ended { finish(run, on: index, at: run.endsAt ?? now) }
  }

  private mutating func finish(
    _ run: DemoWorker.Run, on index: Int, at moment: Timestamp
  ) {
    let task = run.held.task
    switch run.outcome {
    case .success(let value):
      logRun(run, on: index, at: moment)
      store("SUCCESS", value, of: task, on: index, at: moment)
      countPart(task)
      let runtime = (moment - run.startedAt).value
      note(
        .succeeded(result: shortRepr(value), runtime: runtime), of: task, on: index, at: moment)
    case .failure(let fault):
      let traceback = fault.traceback(of: task.task)
      store("FAILURE", fault.result, traceback: traceback, of: task, on: index, at: moment)
      note(
        .failed(exception: fault.repr, traceback: traceback), of: task, on: index, at: moment)
    case .retry(let fault, let seconds):
      retry(run, on: index, eta: moment + Seconds(Double(seconds)), at: moment)
      let traceback = fault.retryTraceback(of: task.task, seconds: seconds)
      store("RETRY", fault.result, traceback: traceback, of: task, on: index, at: moment)
      note(
        .retried(exception: fault.repr, traceback: traceback), of: task, on: index, at: moment)
    case .killed: loseProcess(of: run, on: index, at: moment)
    }
    if !run.acknowledged { acknowledge(task) }
  }

  /// The same task once more: its own parent, one retry further, due later.
  private mutating func retry(
    _ run: DemoWorker.Run, on index: Int, eta: Timestamp, at moment: Timestamp
  ) {
    var task = run.held.task
    task.retries += 1
    task.eta = eta
    task.parentID = task.id
    task.replyTo = workers[index].oid
    task.deliveryTag = random.uuid()
    put(task)
    let sender = EventEncoder.Sender(
      hostname: "gen\(run.pid)@\(workers[index].host)", pid: run.pid)
    announce(task, by: sender, clock: workers[index].tick(), at: moment)
  }

  /// The result's key with its expiry, and the same published for whoever waits for it.
  mutating func store(
    _ status: String, _ result: JSONValue, traceback: String? = nil, of task: OutgoingTask,
    on index: Int, at moment: Timestamp
  ) {
    guard !task.ignoresResult else { return }
    let value = meta(status, result, traceback, of: task, by: workers[index].node, at: moment)
    let key = layout.result(id: task.id)
    outbox += [
      .multi, .store(value, at: key, seconds: ShopSettings.resultExpires),
      .publish(value, on: key), .exec,
    ]
  }

  func meta(
    _ status: String, _ result: JSONValue, _ traceback: String? = nil, of task: OutgoingTask,
    by worker: String, at moment: Timestamp
  ) -> [UInt8] {
    ResultEncoder.value(
      ResultEncoder.Meta(
        status: status, result: result, traceback: traceback,
        children: status == "RETRY" ? [task.id] : [],
        doneAt: status == "RETRY" ? nil : moment, parentID: task.parentID,
        extended: ResultEncoder.Extended(
          name: task.task, arguments: task.arguments, keywordArguments: task.keywordArguments,
          worker: worker, retries: task.retries, queue: task.queue),
        taskID: task.id))
  }

  mutating func acknowledge(_ task: OutgoingTask) {
    let tag = Array(task.deliveryTag.utf8)
    outbox += [
      .multi, .remove(tag, fromSortedSet: layout.unackedIndex),
      .removeField(tag, from: layout.unacked), .exec,
    ]
  }

  mutating func note(
    _ step: EventEncoder.Step, of task: OutgoingTask, on index: Int, at moment: Timestamp
  ) {
    let clock = workers[index].tick()
    workers[index].events.append(
      EventEncoder.step(
        step, of: task.id, workers[index].sender, clock: clock,
        at: moment + workers[index].clockOffset))
  }

  /// Celery cuts the repr of a result at 1024 characters.
  private func shortRepr(_ value: JSONValue) -> String {
    guard case .string(let text) = value, text.utf8.count > 1024 else {
      return PythonRepr.text(of: value)
    }
    return "'\(text.prefix(1020))...'"
  }
}
