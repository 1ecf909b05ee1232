import RedisClient
import TaskmonModel
import TaskmonUnits

/// Whether a control request may be sent now: an answer that Redis refuses kills its worker.
///
/// A worker whose reply cannot be pushed resets its mailbox, fails on that as well and exits; so
/// what Redis says of its memory, role and persistence is read before each request.
enum RequestGuard {
  /// The reason to stay silent, or what is free for answers.
  enum Verdict: Sendable, Equatable {
    case silent(String)
    case free(ByteCount)
  }

  static func reading(budget: CollectionBudget) -> Reading<Verdict> {
    Reading(
      commands: [.info(["memory"]), .info(["replication"]), .info(["persistence"])]
    ) { (replies) throws(CollectionError) in
      let memory = try ServerInfo(reply: replies.reply(0), section: "INFO memory")
      let replication = try ServerInfo(reply: replies.reply(1), section: "INFO replication")
      let persistence = try ServerInfo(reply: replies.reply(2), section: "INFO persistence")
      return judge(
        memory: memory, replication: replication, persistence: persistence, budget: budget)
    }
  }

  /// Reads what Redis says of itself, and judges it; what cannot be read is a reason for silence.
  static func verdict(
    over link: RedisLink, budget: CollectionBudget
  ) async throws(RedisError) -> Verdict {
    let reading = reading(budget: budget)
    var cursor = ReplyCursor(try await link.read(reading.commands))
    switch cursor.take(reading) {
    case .success(let verdict): return verdict
    case .failure(let error): return .silent(error.description)
    }
  }

  static func judge(
    memory: ServerInfo, replication: ServerInfo, persistence: ServerInfo, budget: CollectionBudget
  ) -> Verdict {
    if let role = replication["role"], role != "master" {
      return .silent("Redis is a \(role) here and refuses writes: workers could not answer")
    }
    if persistence["loading"] == "1" { return .silent("Redis is loading its data") }
    if persistence["rdb_last_bgsave_status"] == "err" {
      return .silent("Redis' last save failed and it may refuse writes: workers could not answer")
    }
    if persistence["aof_last_write_status"] == "err" {
      return .silent("Redis cannot write its append-only file and refuses writes")
    }
    guard let used = memory.bytes("used_memory") else {
      return .silent("INFO tells no used_memory, so it is not known whether answers would fit")
    }
    let limit = memory.bytes("maxmemory") ?? .zero
    guard limit > .zero else {
      // Without a limit nothing is refused; how much there is in all is not always told.
      guard let system = memory.bytes("total_system_memory"), system > .zero else {
        return .free(ByteCount(Int64.max))
      }
      return .free(ByteCount(system.value - used.value))
    }
    let share = Double(used.value) / Double(limit.value)
    if share >= budget.memoryShareForRequests {
      let evicts = memory["maxmemory_policy"]?.hasPrefix("allkeys") == true
      let harm =
        evicts
        ? "answers would push out other keys, queues among them"
        : "an answer that does not fit kills its worker"
      return .silent("Redis is at \(Int(min(share, 10) * 100)) % of maxmemory: \(harm)")
    }
    return .free(ByteCount(limit.value - used.value))
  }
}
