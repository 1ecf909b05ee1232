import RedisClient
import TaskmonDemo
import TaskmonUnits

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Measures what watching a large installation at work costs: its Redis, and us.
struct ReadingBench {
  private let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  /// How long Redis is measured without taskmon first.
  private static let before = Seconds(30)
  private static let look = Seconds(5)

  /// What only taskmon sends here, or the fleet next to never.
  private static let scanning: Set<String> = ["scan", "sscan", "strlen", "pttl", "getrange"]
  private static let polling: Set<String> = [
    "llen", "lrange", "memory|usage", "info", "time", "exists", "hlen", "hstrlen", "zrange",
    "zcard",
  ]

  func run() async throws {
    guard let healthy = ScenarioRegistry.named("healthy") else {
      throw BenchError("there is no healthy shop")
    }
    let demo = DemoSession(
      options: DemoOptions(
        scenario: healthy, workers: 4, queues: 4, tasksPerSecond: Double(settings.rate)),
      time: Clock.source)
    let path = getenv("PATH").map { String(cString: $0) }
    let temporary = getenv("TMPDIR").map { String(cString: $0) }
    let url = try await demo.start(searchPath: path, temporary: temporary)
    let outcome: Result<Void, any Error>
    do {
      try await measure(demo, socket: try Self.socket(of: url))
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    await demo.stop()
    try outcome.get()
  }

  private static func socket(of url: String) throws -> String {
    guard case .plain(.unix(let path)) = try RedisURL(url).location else {
      throw BenchError("\(url) is no socket")
    }
    return path
  }

  private func measure(_ demo: DemoSession, socket: String) async throws {
    let redis = try RawRedis(socket: socket)
    try Planting(settings).run(redis)
    try await withThrowingTaskGroup { group in
      group.addTask { try await demo.run() }
      group.addTask { try await watch(socket) }
      // The fleet never ends by itself.
      try await group.next()
      group.cancelAll()
    }
  }

  private func watch(_ socket: String) async throws {
    let redis = try RawRedis(socket: socket)
    let alone = try RedisLoad(redis)
    try await Clock.source.sleep(Self.before)
    let start = try RedisLoad(redis)
    let part = try Part(CommandLine.arguments[0], settings.arguments(for: "watch", socket: socket))
    var memory: [Double] = []
    let end = Clock.uptime + Double(settings.seconds)
    while Clock.uptime < end {
      try await Clock.source.sleep(Self.look)
      memory.append(Self.residentMemory(of: part.pid))
    }
    let stop = try RedisLoad(redis)
    let numbers = part.numbers()
    let cost = part.cost()
    guard numbers.count == 13 else { throw BenchError("the watcher failed: \(numbers)") }
    report(numbers)
    report(alone, start, stop)
    report(memory, cost)
  }

  /// In bytes; 0 where the system does not tell.
  private static func residentMemory(of pid: pid_t) -> Double {
    let descriptor = open("/proc/\(pid)/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = read(descriptor, &buffer, buffer.count)
    let fields = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    let pages = fields.dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  // MARK: What it says

  private func report(_ numbers: [Double]) {
    let polls = max(1, numbers[0])
    print(
      "\(settings.results) results, \(settings.queues) queues, a shop of 4 workers and"
        + " \(settings.rate) tasks a second")
    line("polls", "\(whole(numbers[0])) in \(settings.seconds) s")
    line(
      "fast poll",
      "median \(milliseconds(numbers[1])), longest \(milliseconds(numbers[2])) (goal: under 1 s)")
    line(
      "a poll, scans included",
      "\(whole(numbers[3] / polls)) commands, \(whole(numbers[4] / polls)) round trips, "
        + "\(whole(numbers[5] / polls / 1024)) KiB sent, "
        + "\(whole(numbers[6] / polls / 1024)) KiB received")
    line(
      "results", "\(whole(numbers[7])) complete passes, \(whole(numbers[8])) results in the last")
    line("queues followed", whole(numbers[9]))
    line("page of metrics", "longest \(milliseconds(numbers[10]))")
    line(
      "taskmon says",
      "\(percent(numbers[11])) of Redis' time at the end, \(percent(numbers[12])) by scans")
  }

  private func report(_ alone: RedisLoad, _ start: RedisLoad, _ stop: RedisLoad) {
    let without = start.busy(since: alone)
    let with = stop.busy(since: start)
    let scans = stop.share(of: Self.scanning, since: start)
    let polls = stop.share(of: Self.polling, since: start)
    line(
      "Redis' core",
      "\(percent(without)) without taskmon, \(percent(with)) with it: "
        + "our share \(percent(with - without)) (goal: at most 5 %)")
    line("executing our commands", "scans \(percent(scans)), polls \(percent(polls))")
    line("Redis' memory", "\(whole(stop.memory / 1_048_576)) MiB")
  }

  private func report(_ memory: [Double], _ cost: Part.Cost) {
    let mebibytes = memory.map { whole($0 / 1_048_576) }
    let marks = stride(from: 0, to: mebibytes.count, by: max(1, mebibytes.count / 12))
    line("our memory, MiB", marks.map { mebibytes[$0] }.joined(separator: " ") + " (goal: flat)")
    line("its peak, MiB", whole(cost.peakMemory / 1_048_576))
    line("our core", percent(cost.cpu / Double(settings.seconds)))
  }

  private func line(_ name: String, _ value: String) {
    print(name + String(repeating: " ", count: max(1, 26 - name.count)) + value)
  }

  private func whole(_ value: Double) -> String {
    value.isFinite ? String(Int(value.rounded())) : "?"
  }

  private func milliseconds(_ value: Double) -> String {
    "\((value * 10_000).rounded() / 10) ms"
  }

  private func percent(_ share: Double) -> String {
    share.isFinite ? "\((share * 1000).rounded() / 10) %" : "?"
  }
}
