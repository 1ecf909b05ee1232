import Foundation
import TaskmonTestSupport
import Testing

/// Each action is driven by its keys in a real terminal, and its effect is seen in real workers.
@Suite("`--allow-control` on real workers", .tags(.live))
struct ControlLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// What a worker says of itself, asked by Celery's own inspection.
  private struct Facts: Decodable {
    var registered: [String]
    var processes: [Int32]
    var queues: [String]
    var active: [Int32]
    var revoked: [String]
  }

  private static let node = "w1@control"

  private func facts(_ fleet: CeleryFleet) async throws -> Facts {
    let json = try await fleet.output(of: "controlled.py", ["facts", Self.node])
    return try JSONDecoder().decode(Facts.self, from: Data(json.utf8))
  }

  private func eventuallyFacts(
    _ fleet: CeleryFleet, _ what: String, _ condition: (Facts) -> Bool
  ) async throws {
    var last: Facts?
    do {
      try await eventually(within: 60, what) {
        let now = try await facts(fleet)
        last = now
        return condition(now)
      }
    } catch {
      throw SupportError("\(what): \(String(describing: last))")
    }
  }

  private func top(_ arguments: [String]) async throws -> Tmux {
    let terminal = try await Tmux(columns: 120, rows: 40, environment: taskmon.environment)
    try await terminal.enter(
      ([Taskmon.path, "top", "--allow-control"] + arguments).joined(separator: " "))
    return terminal
  }

  @Test("a revoked task never runs, a terminated one ends with its process, a queue is emptied")
  func tasks() async throws {
    let redis = try await RedisServer(tcp: true)
    // Another database and a key prefix: channel, lists and queues are named after both.
    let url = try redis.tcpURL(database: 3)
    let fleet = try await CeleryFleet(
      broker: url, variables: ["TRANSPORT": #"{"global_keyprefix": "px:"}"#])
    let worker = try await fleet.worker(
      "controlled", node: Self.node, as: "w1", queues: "celery")
    for (name, id) in [("linger", "long-one"), ("greet", "never-one")] {
      _ = try await fleet.output(of: "controlled.py", ["send", name, id])
    }
    for priority in ["0", "3", "9"] {
      _ = try await fleet.output(
        of: "controlled.py", ["send", "greet", "parked-\(priority)", "parked", priority])
    }
    try await worker.says("Task controlled.greet[never-one] received")
    let child = try #require(try await facts(fleet).active.first)
    let terminal = try await top(["--view", "running", "--broker", url, "--key-prefix", "px:"])
    try await terminal.shows("long-one", within: 90)

    // A task that waits, from a view that knows none: its id is typed.
    try await terminal.type("6X")
    try await terminal.shows("revoke a task")
    try await terminal.type("never-one")
    try await terminal.press("Enter")
    try await terminal.shows("\(Self.node): tasks {'never-one'} flagged as revoked", within: 60)
    #expect(try await terminal.screen().contains("1 of 1 worker answered"))
    #expect(try await facts(fleet).revoked == ["never-one"])

    // The task under the cursor, which runs.
    try await terminal.type("5T")
    try await terminal.shows("controlled.linger long-one is running on \(Self.node) for")
    #expect(kill(child, 0) == 0)
    try await terminal.press("Down", "Enter")
    try await terminal.shows("\(Self.node): terminate: long-one", within: 60)
    try await eventually(within: 60, "the process is gone") { kill(child, 0) != 0 }
    try await worker.says("Discarding revoked task: controlled.greet[never-one]")
    #expect(!worker.log.contains("Task controlled.greet[never-one] succeeded"), "\(worker.log)")
    #expect(try await facts(fleet).active == [])

    // A queue with messages in several priority lists.
    try await terminal.type("2")
    try await terminal.shows("parked", within: 60)
    try await terminal.type("/parked")
    try await terminal.press("Enter")
    try await terminal.type("P")
    try await terminal.shows("3 messages in all priority lists of parked", within: 60)
    try await terminal.type("parked")
    try await terminal.press("Enter")
    try await terminal.shows("3 messages removed from queue parked", within: 60)
    let wire = try redis.connect(database: 3)
    let left = (try wire.command("KEYS", "px:parked*").array ?? []).compactMap(\.text)
    #expect(left == [])
    try await terminal.press("Escape")
    try await terminal.type("q")
    try await eventually(within: 30, "no list of ours is left") {
      try wire.command("KEYS", "px:taskmon-*") == .array([])
    }
  }

  @Test("limits, pool and consumers of a worker are changed, and it ends when it is told to")
  func workers() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    let worker = try await fleet.worker(
      "controlled", node: Self.node, as: "w1", queues: "celery", pool: ["-c", "2"])
    let before = try await facts(fleet)
    #expect(before.processes.count == 2 && before.queues == ["celery"])
    let terminal = try await top(["--view", "workers", "--broker", url])
    try await terminal.shows("the worker", within: 90) {
      $0.contains(Self.node) && $0.contains("online") && $0.contains("prefork")
    }

    try await act(terminal, line: 0, ["controlled.greet", "100/m", nil])
    try await terminal.shows("\(Self.node): new rate limit set successfully", within: 60)
    try await act(terminal, line: 1, ["controlled.greet", "90s", "2m", nil])
    try await terminal.shows("\(Self.node): time limits set successfully", within: 60)
    try await eventuallyFacts(fleet, "the limits") { facts in
      let greet = facts.registered.first { $0.hasPrefix("controlled.greet") } ?? ""
      return greet.contains("rate_limit=100/m") && greet.contains("time_limit=120.0")
        && greet.contains("soft_time_limit=90.0")
    }

    try await act(terminal, line: 2, ["2", nil])
    try await terminal.shows("\(Self.node): pool will grow", within: 60)
    try await eventuallyFacts(fleet, "four processes") { $0.processes.count == 4 }
    try await terminal.press("Enter")
    try await terminal.shows("its processes, asked anew", within: 60) {
      $0.contains(/processes +4/)
    }
    try await act(terminal, line: 3, ["1", nil])
    try await terminal.shows("\(Self.node): pool will shrink", within: 60)
    try await eventuallyFacts(fleet, "three processes") { $0.processes.count == 3 }

    try await act(terminal, line: 4, ["mail", nil])
    try await terminal.shows("\(Self.node): add consumer mail", within: 60)
    try await eventuallyFacts(fleet, "the queue") { $0.queues == ["celery", "mail"] }
    try await terminal.shows("the queue, asked anew", within: 60) { $0.contains("celery mail") }
    try await act(terminal, line: 5, ["mail", nil])
    try await terminal.shows("\(Self.node): no longer consuming from mail", within: 60)
    try await eventuallyFacts(fleet, "the queue it had") { $0.queues == ["celery"] }

    try await terminal.type("K")
    try await terminal.shows("shut a worker down: \(Self.node)")
    #expect(worker.exitStatus == nil)
    try await terminal.press("Down", "Enter")
    try await terminal.shows(
      "\(Self.node) was told to shut down and has said goodbye", within: 60)
    try await worker.says("Got shutdown from remote")
    try await eventually(within: 60, "its end") { worker.exitStatus != nil }
    #expect(worker.exitStatus == 0)
    try await terminal.type("q")
  }

  /// Takes a line of the menu behind `A` and fills its form; nil leaves a field as it is.
  private func act(_ terminal: Tmux, line: Int, _ texts: [String?]) async throws {
    // Back from a page, if one is open.
    try await terminal.press("Escape")
    try await terminal.type("A")
    try await terminal.shows("what is to be done?")
    for _ in 0..<line { try await terminal.press("Down") }
    try await terminal.press("Enter")
    try await terminal.shows("the form") { !$0.contains("what is to be done?") }
    for (index, text) in texts.enumerated() {
      if index > 0 { try await terminal.press("Tab") }
      guard let text else { continue }
      try await terminal.press("C-u")
      try await terminal.type(text)
    }
    try await terminal.press("Enter")
  }

  @Test("without it the keys act on nothing and say how to get it; the notice tells that they do")
  func notAllowed() async throws {
    let redis = try await RedisServer(tcp: true)
    try Plant.queue("celery", ready: 2, in: redis)
    let terminal = try await Tmux(columns: 100, rows: 30, environment: taskmon.environment)
    try await terminal.enter(
      "\(Taskmon.path) top --view queues --broker \(try redis.tcpURL())")
    try await terminal.shows("the queue", within: 60) { $0.contains("celery  ") }
    #expect(!(try await terminal.screen().contains("control allowed")))
    try await terminal.type("P")
    try await terminal.shows("taskmon top --allow-control")
    try await terminal.press("Enter")
    try await terminal.shows("queue celery")
    #expect(try redis.command("LLEN", "celery") == .integer(2))
  }

  @Test("it changes things, so it is refused beside --read-only, wherever either was set")
  func refused() async throws {
    for (arguments, variables) in [
      (["--allow-control", "--read-only"], [:]),
      (["--read-only"], ["TASKMON_ALLOW_CONTROL": "1"]),
      (["--allow-control"], ["TASKMON_READ_ONLY": "1"]),
    ] as [([String], [String: String])] {
      let run = try await taskmon.run(["top", "--once"] + arguments, environment: variables)
      #expect(run.end == .exit(64), "\(run.errorText)")
      #expect(run.errorText.contains("which --read-only forbids"), "\(run.errorText)")
    }
    let elsewhere = try await taskmon.run(["check", "--allow-control"])
    #expect(elsewhere.end == .exit(3), "\(elsewhere.errorText)")
  }
}
