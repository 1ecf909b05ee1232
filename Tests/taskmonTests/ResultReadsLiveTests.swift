import Foundation
import TaskmonTestSupport
import Testing

/// Sizes before bodies: what taskmon sends is watched by Redis itself.
@Suite("Nothing large is ever fetched", .tags(.live))
struct ResultReadsLiveTests {
  @Test("no result over 4 KiB, no whole large hash, no range without an end")
  func onlySmallReads() async throws {
    let redis = try await RedisServer(tcp: true)
    let sizes = [5_000_000, 100_000, 4_097, 4_096, 300]
    try Plant.queue("celery", ready: 3_000, in: redis)
    try Plant.results(bytes: sizes, in: redis)
    try Plant.unacknowledged(20_000, in: redis)
    let monitor = try Subprocess("redis-cli", ["-s", redis.socketPath, "MONITOR"])
    try await eventually("MONITOR") { monitor.outputSoFar.contains("OK") }

    let taskmon = try Taskmon()
    let broker = ["--broker", try redis.tcpURL()]
    let run = try await taskmon.check(broker + ["--observe", "6s"])
    #expect(run.document.finding("oversized-result") != nil, "\(run.document)")
    #expect(try await taskmon.run(["top", "--once"] + broker).end == .exit(0))
    let serving = try await Serving(broker, taskmon: taskmon)
    try await eventually(within: 60, "a served scan") {
      try serving.get("/metrics").body.contains("\ncelery_result_largest_bytes")
    }
    #expect(try await serving.stop() == .exit(0))
    redis.markEnd()
    try await eventually("the end in MONITOR") { monitor.outputSoFar.contains("END-OF-TEST") }
    monitor.kill()

    let commands = monitor.outputSoFar.split(separator: "\n").compactMap(MonitoredCommand.init)
    #expect(commands.contains { $0.name == "STRLEN" }, "MONITOR saw nobody look at results")
    let bad = commands.compactMap { $0.excess(in: redis) }
    #expect(bad == [])
  }
}

extension RedisServer {
  fileprivate func markEnd() { _ = try? command("ECHO", "END-OF-TEST") }
}

/// One line of MONITOR: `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`.
private struct MonitoredCommand {
  let name: String
  let arguments: [String]

  init?(_ line: Substring) {
    let parts = line.matches(of: #/"((?:[^"\\]|\\.)*)"/#).map { String($0.output.1) }
    guard let first = parts.first else { return nil }
    name = first.uppercased()
    arguments = Array(parts.dropFirst())
  }

  /// What is too much about it; nil where it asks for little.
  func excess(in redis: RedisServer) -> String? {
    let whole = "\(name) \(arguments.joined(separator: " "))"
    switch name {
    case "KEYS", "HGETALL", "HVALS", "HKEYS", "SMEMBERS", "SORT", "MGET", "HMGET", "DUMP":
      return whole
    case "GET":
      let size = (try? redis.command("STRLEN", arguments[0]).integer) ?? nil
      return (size ?? 0) > 4096 ? whole : nil
    case "GETRANGE", "SUBSTR":
      return span(arguments[1], arguments[2], of: length("STRLEN", redis)) > 4096 ? whole : nil
    case "LRANGE":
      return span(arguments[1], arguments[2], of: length("LLEN", redis)) > 1000 ? whole : nil
    case "ZRANGE":
      return span(arguments[1], arguments[2], of: length("ZCARD", redis)) > 1000 ? whole : nil
    default: return nil
    }
  }

  private func length(_ command: String, _ redis: RedisServer) -> Int {
    ((try? redis.command(command, arguments[0]).integer) ?? nil) ?? 0
  }

  /// How many elements lie between two positions, each from the front or, negative, from the end.
  private func span(_ from: String, _ through: String, of length: Int) -> Int {
    guard let from = Int(from), let through = Int(through) else { return .max }
    let first = from < 0 ? max(0, length + from) : from
    let last = through < 0 ? length + through : min(through, length - 1)
    return max(0, last - first + 1)
  }
}
