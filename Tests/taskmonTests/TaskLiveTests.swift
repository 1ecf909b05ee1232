import Foundation
import TaskmonTestSupport
import Testing

@Suite("`task` finds a task wherever it is", .tags(.live))
struct TaskLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// What is said of a task once it is where it is looked for.
  private func trace(
    _ id: String, _ broker: String, until wanted: String, _ options: [String] = []
  ) async throws -> String {
    var last = ""
    try await eventually(within: 90, "task \(id): \(wanted)") {
      let run = try await taskmon.run(["task", id, "--broker", broker] + options)
      last = run.outputText + run.errorText
      return run.end == .exit(0) && run.outputText.contains(wanted)
    }
    return last
  }

  @Test("waiting, running, held until its eta, done and failed, under ids of any form")
  func everywhere() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "tracing", node: "w1@trace", as: "w1", queues: "celery", pool: ["-c", "2"])
    let sent = [
      ["linger", "runs"], ["greet", "order:17/b c"], ["fail", "fails"],
      ["greet", "later", "celery", "600"], ["greet", "before", "nobody"],
      ["greet", "waits", "nobody"],
    ]
    for arguments in sent { _ = try await fleet.output(of: "tracing.py", arguments) }

    let running = try await trace("runs", url, until: "task runs is running on w1@trace for ")
    #expect(running.contains("acknowledged") && running.contains("yes: it is lost"))
    #expect(running.contains("(120,)"), "\(running)")

    let waiting = try await trace(
      "waits", url, until: "task waits waits in queue nobody, 1 message is taken before it")
    #expect(waiting.contains("tracing.greet") && waiting.contains("('Ada',)"), "\(waiting)")
    _ = try await trace("before", url, until: "task before waits in queue nobody, it is next")

    let held = try await trace("later", url, until: "held by w1@trace until its eta in ")
    #expect(held.contains("waiting for its eta"), "\(held)")
    #expect(held.contains("2h, as a worker is configured"), "\(held)")
    #expect(held.firstMatch(of: #/handed out again +\S+Z \(in 1h 59m\), unless/#) != nil, "\(held)")

    let done = try await trace(
      "order:17/b c", url, until: "task order:17/b c has succeeded")
    #expect(done.firstMatch(of: #/value +'hello Ada'/#) != nil, "\(done)")
    #expect(done.firstMatch(of: #/expires +in (1h|59m)/#) != nil, "\(done)")

    let failed = try await trace("fails", url, until: "with ValueError")
    #expect(failed.contains("no such guest: Ada") && failed.contains("Traceback"), "\(failed)")

    let silent = try await trace(
      "waits", url, until: "waits in queue nobody", ["--read-only"])
    #expect(silent.contains("not asked: --read-only asks no worker"), "\(silent)")

    let unknown = try await taskmon.run(["task", "never-sent", "--broker", url])
    #expect(unknown.end == .exit(1))
    #expect(unknown.outputText.isEmpty)
    #expect(
      unknown.errorText.hasPrefix(
        "taskmon: nothing is known of task never-sent: it waits in no queue, "),
      "\(unknown.errorText)")
    #expect(unknown.errorText.split(separator: "\n").count == 1)
    try await eventually("no list of ours is left") {
      try redis.command("KEYS", "taskmon-*").array?.isEmpty == true
    }
  }

  @Test("a Redis that is away is said so, and an id is needed")
  func failures() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    try await redis.stop()
    let away = try await taskmon.run(["task", "x", "--broker", url])
    #expect(away.end == .exit(1))
    #expect(away.errorText.contains("nobody listens there"), "\(away.errorText)")
    #expect(try await taskmon.run(["task", "--broker", url]).end == .exit(64))
    #expect(try await taskmon.run(["task", "", "--broker", url]).end == .exit(64))
  }
}
