import Foundation
import TaskmonTestSupport
import Testing

/// What taskmon writes is its own reply lists, and with `--read-only` nothing.
@Suite("What taskmon leaves in Redis", .tags(.live))
struct ReadOnlyLiveTests {
  @Test("--read-only writes nothing, not for a moment")
  func readOnly() async throws {
    let redis = try await RedisServer(
      tcp: true, arguments: ["--enable-debug-command", "local"])
    try Plant.queue("celery", ready: 5, in: redis)
    try Plant.unacknowledged(3, in: redis)
    try Plant.results(bytes: [300, 70_000], in: redis)
    let before = try redis.command("DEBUG", "DIGEST").text
    let count = try changes(redis)
    let broker = ["--broker", try redis.tcpURL(), "--read-only"]
    let taskmon = try Taskmon()
    let run = try await taskmon.check(broker + ["--observe", "5s"])
    #expect(run.document.headlines.contains { $0.contains("broker-unreachable") } == false)
    let top = try await taskmon.run(["top", "--once"] + broker)
    #expect(top.end == .exit(0), "\(top.errorText)")
    let serving = try await Serving(broker, taskmon: taskmon)
    try await eventually(within: 30, "first snapshot") {
      try serving.get("/-/ready").status == 200
    }
    #expect(try await serving.stop() == .exit(0))
    #expect(try redis.command("DEBUG", "DIGEST").text == before)
    #expect(try changes(redis) == count)
  }

  @Test("no key of ours is without expiry while we ask workers, and none is left after")
  func controlRequests() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery,mail")
    let taskmon = try Taskmon()
    let serving = try await Serving(
      ["--broker", url, "--inspect-interval", "1s"], taskmon: taskmon)
    var seen: Set<String> = []
    try await eventually(within: 60, "a reply list, then answers") {
      for key in try ours(redis) {
        let left = try redis.command("TTL", key).integer ?? -1
        #expect(left == -2 || (0...120).contains(left), "\(key) has TTL \(left)")
        seen.insert(key)
      }
      let body = try serving.get("/metrics").body
      return !seen.isEmpty && body.contains("celery_worker_pool_size{worker=\"w1@shop\"")
    }
    #expect(try await serving.stop() == .exit(0))
    // An answer that was under way when it ended makes the list anew; the next start sweeps it.
    #expect(try ours(redis).count <= 1)
    let run = try await taskmon.check(["--broker", url, "--observe", "3s"])
    #expect(run.status == 0, "\(run.document)")
    #expect(try ours(redis) == [])
  }

  private func ours(_ redis: RedisServer) throws -> [String] {
    (try redis.command("KEYS", "taskmon-*").array ?? []).compactMap(\.text)
  }

  /// Redis' own count of changes to its data set: nothing that was written and removed escapes it.
  private func changes(_ redis: RedisServer) throws -> String? {
    try redis.command("INFO", "persistence").text?
      .split(whereSeparator: \.isNewline).first { $0.hasPrefix("rdb_changes_since_last_save") }
      .map(String.init)
  }
}
