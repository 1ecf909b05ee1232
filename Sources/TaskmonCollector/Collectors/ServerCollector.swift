import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads `INFO`, its command statistics and `TIME`.
enum ServerCollector {
  static let name = "server"

  struct Look: Sendable, Equatable {
    var facts: ServerFacts
    /// By name in upper case, subcommands together; empty where Redis does not tell.
    var served: [String: ServedCommand]
  }

  /// `now` is our own clock at the time of asking, to see how far Redis' clock is from it.
  static func reading(database: Int, now: @escaping @Sendable () -> Timestamp) -> Reading<Look> {
    Reading(commands: [.info(), .info(["commandstats"]), .time]) {
      (replies) throws(CollectionError) in
      let info = try ServerInfo(reply: replies.reply(0), section: "INFO")
      let commands = try? ServerInfo(reply: replies.reply(1), section: "INFO commandstats")
      let clock = Self.time(replies.reply(2)).map { now() - $0 }
      return Look(
        facts: try Self.facts(info, commands: commands, database: database, clockOffset: clock),
        served: commands?.servedCommands() ?? [:])
    }
  }

  static func facts(
    _ info: ServerInfo, commands: ServerInfo?, database: Int, clockOffset: Seconds?
  ) throws(CollectionError) -> ServerFacts {
    guard let runID = info["run_id"], let used = info.bytes("used_memory") else {
      throw CollectionError("INFO: neither run_id nor used_memory in the answer")
    }
    let databases = info.databases()
    let valkey = info["valkey_version"]
    return ServerFacts(
      product: valkey.map { _ in "Valkey" }, version: valkey ?? info["redis_version"] ?? "?",
      runID: runID,
      uptime: Seconds(Double(info.integer("uptime_in_seconds") ?? 0)),
      role: info["role"] ?? "?", usedMemory: used,
      maxMemory: info.bytes("maxmemory").flatMap { $0 == .zero ? nil : $0 },
      systemMemory: info.bytes("total_system_memory"),
      evictionPolicy: info["maxmemory_policy"], evictedKeys: info.integer("evicted_keys"),
      expiredKeys: info.integer("expired_keys"),
      connectedClients: info.integer("connected_clients") ?? 0,
      maxClients: info.integer("maxclients"), blockedClients: info.integer("blocked_clients"),
      isLoading: info["loading"] == "1", appendOnly: info["aof_enabled"].map { $0 == "1" },
      snapshotsConfigured: nil, flushes: commands.map(Self.flushes),
      fullFlushes: commands.map { $0.field("cmdstat_flushall", "calls") ?? 0 },
      outOfMemoryErrors: Self.refusedWrites(info),
      operationsPerSecond: info.integer("instantaneous_ops_per_sec"),
      keys: databases[database] ?? 0, databases: databases.filter { $0.key != database },
      clockOffset: clockOffset)
  }

  /// Only errors that have occurred are listed, so that none of a kind is a zero; but not where
  /// there is no such list (before Redis 6.2), or where Redis gave it up as too long.
  private static func refusedWrites(_ info: ServerInfo) -> Int? {
    if let count = info.field("errorstat_OOM", "count") { return count }
    let isListed =
      info.hasSection("Errorstats") && info["errorstat_ERRORSTATS_DISABLED"] == nil
      && info["errorstat_ERRORSTATS_OVERFLOW"] == nil
    return isListed ? 0 : nil
  }

  private static func flushes(_ commands: ServerInfo) -> Int {
    (commands.field("cmdstat_flushall", "calls") ?? 0)
      + (commands.field("cmdstat_flushdb", "calls") ?? 0)
  }

  private static func time(_ reply: RedisReply) -> Timestamp? {
    guard let parts = reply.array, parts.count == 2,
      let seconds = parts[0].bytes.flatMap({ Double(String(decoding: $0, as: UTF8.self)) }),
      let microseconds = parts[1].bytes.flatMap({ Double(String(decoding: $0, as: UTF8.self)) })
    else { return nil }
    return Timestamp(secondsSince1970: seconds + microseconds / 1_000_000)
  }
}

/// The lines of an `INFO` answer, by field.
struct ServerInfo: Sendable {
  private let fields: [String: String]
  private let sections: Set<String>

  init(text: String) {
    var fields: [String: String] = [:]
    var sections: Set<String> = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("# ") {
        sections.insert(String(line.dropFirst(2)))
        continue
      }
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
    }
    self.fields = fields
    self.sections = sections
  }

  init(reply: RedisReply, section: String) throws(CollectionError) {
    if let error = reply.error { throw CollectionError(error, on: section) }
    guard let bytes = reply.bytes else {
      throw CollectionError("\(section): Redis answered no text")
    }
    self.init(text: String(decoding: bytes, as: UTF8.self))
  }

  subscript(name: String) -> String? { fields[name] }

  /// Whether a part of that name was in the answer, be it empty.
  func hasSection(_ name: String) -> Bool { sections.contains(name) }

  func integer(_ name: String) -> Int? { fields[name].flatMap { Int($0) } }

  func bytes(_ name: String) -> ByteCount? {
    fields[name].flatMap { Int64($0) }.map { ByteCount($0) }
  }

  /// One `key=value` of a line such as `calls=3,usec=12`.
  func field(_ name: String, _ key: String) -> Int? {
    guard let line = fields[name] else { return nil }
    for pair in line.split(separator: ",") where pair.hasPrefix(key + "=") {
      return Int(pair.dropFirst(key.count + 1))
    }
    return nil
  }

  /// From the `cmdstat_` lines.
  func servedCommands() -> [String: ServedCommand] {
    var served: [String: ServedCommand] = [:]
    for name in fields.keys where name.hasPrefix("cmdstat_") {
      guard let calls = field(name, "calls"), let time = field(name, "usec") else { continue }
      let command = name.dropFirst("cmdstat_".count).prefix { $0 != "|" }.uppercased()
      let known = served[command]
      served[command] = ServedCommand(
        calls: (known?.calls ?? 0).addingReportingOverflow(calls).partialValue,
        time: (known?.time ?? .zero) + Seconds(Double(time) / 1e6))
    }
    return served
  }

  /// Keys per database, from the `dbN` lines; a database without keys has none.
  func databases() -> [Int: Int] {
    var found: [Int: Int] = [:]
    for name in fields.keys where name.hasPrefix("db") {
      guard let number = Int(name.dropFirst(2)), let keys = field(name, "keys") else { continue }
      found[number] = keys
    }
    return found
  }
}
