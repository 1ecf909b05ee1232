import CeleryProtocol
import RedisClient
import TaskmonUnits

// What befalls tasks and workers.
extension DemoFleet {
  /// Gives a task into the hands of one worker, past all queues' order; gives the message.
  @discardableResult
  mutating func hand(
    _ name: String, to index: Int, fate: DemoWorker.Fate? = nil, at now: Timestamp,
    _ change: (inout OutgoingTask) -> Void = { _ in }
  ) -> OutgoingTask? {
    guard let kind = shop.kind(name) else { return nil }
    var task = compose(kind, publisher: 0, at: now)
    change(&task)
    prescribed[task.id] = fate
    announce(task, by: publishers[0].sender, clock: publishers[0].tick(), at: now)
    handOut(task, to: index, at: now)
    return task
  }

  /// A message taken by one worker, as if it had just been in its queue.
  mutating func handOut(_ task: OutgoingTask, to index: Int, at now: Timestamp) {
    inFlight[task.deliveryTag] = task
    deliver(MessageEncoder.element(task), to: index, at: now)
    startRuns(of: index, at: now)
    flushEvents(of: index)
  }

  /// What Redis restores after the visibility timeout: the same message, to another worker.
  mutating func handOutAgain(_ task: OutgoingTask, to index: Int, at now: Timestamp) {
    var again = task
    again.isRedelivered = true
    handOut(again, to: index, at: now)
  }

  /// `kill -9`, or the kernel when memory is short.
  mutating func kill(worker index: Int) {
    guard workers.indices.contains(index) else { return }
    workers[index].kill()
  }

  /// Stores what a run returned that ended before anybody looked; gives the task.
  @discardableResult
  mutating func leaveResult(
    of name: String, returning value: JSONValue, at moment: Timestamp
  ) -> OutgoingTask? {
    guard let kind = shop.kind(name),
      let index = workers.firstIndex(where: { $0.queues.contains(kind.queue) })
    else { return nil }
    let task = compose(kind, publisher: 0, at: moment)
    store("SUCCESS", value, of: task, on: index, at: moment)
    return task
  }

  /// A result that somebody else's process stored, or settings that never let it expire.
  mutating func leaveResult(
    of name: String, by maker: String, expires: Bool, at moment: Timestamp
  ) {
    guard let kind = shop.kind(name) else { return }
    let task = compose(kind, publisher: 0, at: moment)
    let value = meta("SUCCESS", kind.result(&random), of: task, by: maker, at: moment)
    let key = layout.result(id: task.id)
    outbox.append(
      expires
        ? .store(value, at: key, seconds: ShopSettings.resultExpires)
        : .storeForEver(value, at: key))
  }

  func isOver(_ task: OutgoingTask, at now: Timestamp) -> Bool {
    task.expires.map { $0 <= now } ?? false
  }

  /// A message found too late: thrown away, which only an event and a result tell.
  mutating func expire(_ task: OutgoingTask, on index: Int, at now: Timestamp) {
    let result = ResultEncoder.exception(
      type: "TaskRevokedError", arguments: ["expired"], module: "celery.exceptions")
    store("REVOKED", result, of: task, on: index, at: now)
    note(.expired, of: task, on: index, at: now)
  }

  /// The process of the pool is gone; its parent says so and starts another.
  mutating func loseProcess(of run: DemoWorker.Run, on index: Int, at moment: Timestamp) {
    let task = run.held.task
    let result = ResultEncoder.exception(
      type: "WorkerLostError", arguments: [.string(Fault.lostProcess)],
      module: "billiard.exceptions")
    store("FAILURE", result, of: task, on: index, at: moment)
    note(
      .failed(exception: "ExceptionWithTraceback()", traceback: Fault.lostProcessTraceback),
      of: task, on: index, at: moment)
    guard let place = workers[index].processes.firstIndex(of: run.pid) else { return }
    workers[index].processes[place] = (workers[index].processes.max() ?? run.pid) + 2
  }

  // MARK: Logs

  /// As `worker_log_format` with `%(name)s` writes it.
  mutating func log(_ text: String, _ index: Int, at moment: Timestamp) {
    guard workers[index].keepsLog else { return }
    logLines.append((index, "[\(PythonTime.logged(moment)): \(text)"))
  }

  func title(_ task: OutgoingTask) -> String { "\(task.task)[\(task.id)]" }

  /// What a process of the pool writes while it runs a task, and when it has.
  mutating func logRun(_ run: DemoWorker.Run, on index: Int, at moment: Timestamp) {
    guard workers[index].keepsLog else { return }
    let place = workers[index].processes.firstIndex(of: run.pid) ?? 0
    let process = "ForkPoolWorker-\(place + 1)"
    let task = run.held.task
    log("WARNING/\(process)] celery.redirected: rendering \(task.id)", index, at: moment)
    let runtime = (moment - run.startedAt).value
    log(
      "INFO/\(process)] celery.app.trace: Task \(title(task)) succeeded in \(runtime)s: None",
      index, at: moment)
  }
}
