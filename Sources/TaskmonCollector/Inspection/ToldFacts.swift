import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

extension RegisteredTask {
  /// Every task has `acks_late`; where even that is absent, options were not told.
  init(_ task: RegisteredReply.Task) {
    let tells = task.options["acks_late"] != nil
    let retried = task.options["autoretry_for"] ?? "()"
    self.init(
      name: task.name, hardLimit: task.hardLimit, softLimit: task.softLimit,
      acksLate: tells ? task.options["acks_late"] == "True" : nil,
      rejectsOnWorkerLost: tells ? task.options["reject_on_worker_lost"] == "True" : nil,
      retriesByItself: tells ? !["()", "[]"].contains(retried) : nil,
      mostRetries: task.options["max_retries"].flatMap { Int($0) },
      ignoresResult: task.options["ignore_result"].map { $0 == "True" },
      rateLimit: task.options["rate_limit"])
  }
}

extension WorkerSettings {
  init(_ reply: ConfReply, entries: [String]) {
    self.init(
      visibilityTimeout: reply.visibilityTimeout,
      resultBackend: reply.resultBackend.map(URLSecrets.hidden), scheduleEntryNames: entries,
      isAlwaysEager: reply.alwaysEager ?? false, acksLate: reply.acksLate,
      rejectsOnWorkerLost: reply.rejectsOnWorkerLost, ignoresResult: reply.ignoresResult,
      rateLimit: reply.rateLimit, hardLimit: Self.limit(reply.taskTimeLimit),
      softLimit: Self.limit(reply.taskSoftTimeLimit), resultExpires: reply.resultExpires,
      prefetchMultiplier: reply.prefetchMultiplier, concurrency: reply.concurrency,
      tasksPerChild: reply.tasksPerChild, memoryPerChild: reply.memoryPerChild,
      serializer: reply.serializer, sendsTaskEvents: reply.sendsTaskEvents,
      redirectsOutput: reply.redirectsStdouts, redirectLevel: reply.redirectLevel)
  }

  /// Zero stands for none.
  private static func limit(_ limit: Seconds?) -> Seconds? {
    limit.flatMap { $0 > .zero ? $0 : nil }
  }
}
