import Foundation
import TaskmonTestSupport
import Testing

/// A worker that is blocked by its own task answers minutes later, to whom it may concern.
@Suite("Reply lists of a blocked worker", .tags(.live))
struct ReplyListLiveTests {
  @Test(
    "killed or ended, nothing without an expiry is left but what an answer after it makes anew",
    .timeLimit(.minutes(5)))
  func left() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url, variables: ["BACKEND": url, "PREFIX": ""])
    let worker = try await fleet.worker(
      "pools", node: "w@solo", as: "solo", queues: "solo", pool: ["-P", "solo"])
    let taskmon = try Taskmon()
    let arguments = ["--broker", url, "--inspect-interval", "1s"]
    let (killed, ofKilled) = try await serve(arguments, taskmon, redis)
    let (late, ofLate) = try await serve(arguments, taskmon, redis)
    let (ended, ofEnded) = try await serve(arguments, taskmon, redis)
    let lists = [ofKilled, ofLate, ofEnded]
    #expect(Set(lists).count == 3)

    let before = try keys(redis)
    let ears = try redis.connect()
    _ = try ears.pipeline([[Array("PSUBSCRIBE".utf8), Array("/0.celery.pidbox".utf8)]])
    _ = try await fleet.output(of: "pools_truth.py", ["publish", "40", "solo"])
    try await worker.says("received")
    // All three ask each second whoever owes nothing: where none does for ten, it owes all of them.
    while (try? ears.reply()) != nil {}
    killed.process.kill()
    late.process.kill()
    #expect(try await ended.stop() == .exit(0))

    for list in lists { #expect(try 1...120 ~= timeToLive(list, redis), "\(list)") }
    let new = try keys(redis).subtracting(before).filter { $0.contains("taskmon") }
    #expect(new == [], "there is nothing of ours but these lists")
    // As if its time were over.
    try redis.command("PEXPIRE", ofLate, "1")
    try await eventually("its end") { try length(ofLate, redis) == 0 }

    #expect(!worker.log.contains("succeeded in"), "it has had no time to answer yet")
    try await worker.says("succeeded in")
    for list in lists {
      try await eventually(within: 60, "its answer") {
        try length(list, redis) >= (list == ofLate ? 1 : 2)
      }
    }
    for list in [ofKilled, ofEnded] { #expect(try 1...120 ~= timeToLive(list, redis)) }
    #expect(try timeToLive(ofLate, redis) == -1, "the one that nothing can be done about")

    let next = try await Serving(arguments, taskmon: taskmon)
    try await eventually(within: 60, "it is swept") { try length(ofLate, redis) == 0 }
    #expect(try await next.stop() == .exit(0))
    for key in try ours(redis) { #expect(try 1...120 ~= timeToLive(key, redis), "\(key)") }
  }

  /// One that has asked, and the list it has made.
  private func serve(
    _ arguments: [String], _ taskmon: Taskmon, _ redis: RedisServer
  ) async throws -> (Serving, list: String) {
    let before = try ours(redis)
    let serving = try await Serving(arguments, taskmon: taskmon)
    try await eventually(within: 60, "the worker's answers") {
      try serving.get("/metrics").body.contains("celery_worker_pool_size{worker=\"w@solo\"")
    }
    let new = try ours(redis).subtracting(before)
    #expect(new.count == 1)
    return (serving, try #require(new.first))
  }

  private func keys(_ redis: RedisServer) throws -> Set<String> {
    Set((try redis.command("KEYS", "*").array ?? []).compactMap(\.text))
  }

  private func ours(_ redis: RedisServer) throws -> Set<String> {
    try keys(redis).filter { $0.hasPrefix("taskmon-") }
  }

  private func length(_ list: String, _ redis: RedisServer) throws -> Int {
    try redis.command("LLEN", list).integer ?? 0
  }

  private func timeToLive(_ list: String, _ redis: RedisServer) throws -> Int {
    try redis.command("TTL", list).integer ?? -2
  }
}
