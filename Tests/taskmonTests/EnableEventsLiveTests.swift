import Foundation
import TaskmonTestSupport
import Testing

@Suite("`--enable-events`", .tags(.live))
struct EnableEventsLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  @Test("a worker started without -E sends task events after it, and is asked once")
  func enables() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    let worker = try await fleet.worker(
      "tracing", node: "w1@trace", as: "w1", queues: "celery", sendsTaskEvents: false)
    let ears = try redis.connect()
    _ = try ears.pipeline([[Array("PSUBSCRIBE".utf8), Array("/0.celeryev/task.*".utf8)]])

    let quiet = try await Serving(["--broker", url], taskmon: taskmon)
    try await eventually(within: 60, "the worker is seen") {
      try quiet.get("/metrics").body.contains("celery_worker_pool_size{worker=\"w1@trace\"")
    }
    #expect(try await quiet.stop() == .exit(0))
    #expect(!worker.log.contains("enabled by remote"), "nobody asked for it")

    let serving = try await Serving(["--broker", url, "--enable-events"], taskmon: taskmon)
    try await worker.says("Events of group {task} enabled by remote.", within: 90)
    _ = try await fleet.output(of: "tracing.py", ["greet", "heard"])
    let push = try ears.reply().array?.last?.text ?? ""
    #expect(push.contains("celeryev"), "\(push)")
    #expect(try await serving.stop() == .exit(0))
    let asked = worker.log.components(separatedBy: "enabled by remote").count - 1
    #expect(asked == 1, "\(worker.log)")
    #expect(try redis.command("KEYS", "taskmon-*") == .array([]))
  }

  @Test("`top` offers it by a dialog that names the worker, and asks nobody before")
  func dialog() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    let worker = try await fleet.worker(
      "tracing", node: "w1@trace", as: "w1", queues: "celery", sendsTaskEvents: false)
    let terminal = try await Tmux(columns: 100, rows: 30, environment: taskmon.environment)
    try await terminal.enter("\(Taskmon.path) top --view workers --broker \(url)")
    try await terminal.shows("the worker", within: 60) {
      $0.contains("w1@trace") && $0.contains("online") && $0.contains("prefork")
    }
    try await terminal.type("E")
    try await terminal.shows("the dialog") {
      $0.contains("leave them as they are") && $0.contains("w1@trace")
    }
    #expect(!worker.log.contains("enabled by remote"), "nobody was asked yet")
    try await terminal.press("Down", "Enter")
    try await terminal.shows("w1@trace will send task events", within: 60)
    try await worker.says("Events of group {task} enabled by remote.")
    try await eventually(within: 60, "it is offered no more") {
      try await terminal.press("Escape")
      try await terminal.type("E")
      return try await terminal.screen().contains("every worker that is up sends task events")
    }
    try await terminal.type("q")
    try await eventually(within: 30, "no list of ours is left") {
      try redis.command("KEYS", "taskmon-*") == .array([])
    }
  }

  @Test("it changes workers, so it is refused beside --read-only, wherever either was set")
  func refused() async throws {
    for (command, code) in [("serve", 64), ("check", 3), ("task", 64)] as [(String, Int32)] {
      let run = try await taskmon.run(
        [command] + (command == "task" ? ["x"] : []) + ["--read-only"],
        environment: ["TASKMON_ENABLE_EVENTS": "1"])
      #expect(run.end == .exit(code), "\(command): \(run.errorText)")
      #expect(run.errorText.contains("which --read-only forbids"), "\(run.errorText)")
    }
  }
}
