/// What a Redis has spent its time on since it started, as it counts it itself.
struct RedisLoad {
  let at: Double
  /// Seconds of its main thread, in its own code and in the system's.
  let cpu: Double
  /// Calls and seconds by command in lower case; subcommands as `memory|usage`.
  let commands: [String: (calls: Double, seconds: Double)]
  let memory: Double

  init(_ redis: RawRedis) throws(BenchError) {
    let text = try redis.ask("INFO cpu commandstats memory\r\nPING", until: "+PONG")
    var cpu = 0.0
    var memory = 0.0
    var commands: [String: (calls: Double, seconds: Double)] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "used_cpu_sys_main_thread", "used_cpu_user_main_thread": cpu += Double(parts[1]) ?? 0
      case "used_memory": memory = Double(parts[1]) ?? 0
      case let name where name.hasPrefix("cmdstat_"):
        commands[String(name.dropFirst(8))] = (
          calls: Self.field("calls", of: parts[1]), seconds: Self.field("usec", of: parts[1]) / 1e6
        )
      default: continue
      }
    }
    at = Clock.uptime
    self.cpu = cpu
    self.commands = commands
    self.memory = memory
  }

  private static func field(_ name: String, of text: Substring) -> Double {
    let field = text.split(separator: ",").first { $0.hasPrefix("\(name)=") }
    return field.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0
  }

  /// The share of one core it was busy for since then.
  func busy(since earlier: RedisLoad) -> Double {
    (cpu - earlier.cpu) / max(at - earlier.at, 0.001)
  }

  /// The share of the time since then that went into executing some commands.
  func share(of names: Set<String>, since earlier: RedisLoad) -> Double {
    names.map { name in
      (commands[name]?.seconds ?? 0) - (earlier.commands[name]?.seconds ?? 0)
    }.reduce(0, +) / max(at - earlier.at, 0.001)
  }
}
