import Foundation
import TaskmonTestSupport
import Testing

/// Whatever taskmon is asked and however it is told, passwords are in nothing that it says.
///
/// One case after the other: each runs many processes, and the machine is everybody's.
@Suite("A planted password is seen nowhere", .tags(.live))
struct SecretsLiveTests {
  @Test("every command, with each way of giving it", .serialized, arguments: Way.allCases)
  func commands(_ way: Way) async throws {
    let shop = try await LockedShop()
    let (flags, variables) = try shop.given(way)
    for command in Self.commands(of: way) {
      let run = try await shop.taskmon.run(
        command + flags, environment: variables, timeout: 120)
      #expect(shop.leaks(run.outputText, run.errorText) == [], "\(command)\n\(run.errorText)")
      #expect(!run.errorText.contains("refused") && !run.errorText.contains("NOAUTH"))
    }
    // They do not read Redis, but the environment and the file.
    if way == .variable || way == .file {
      let unconnected = [
        ["rules"], ["rules", "--format", "json"], ["explain", "broker-unreachable"],
        ["demo", "--list"],
      ]
      let own = way == .file ? flags : []
      for command in unconnected {
        let run = try await shop.taskmon.run(command + own, environment: variables)
        #expect(run.end == .exit(0), "\(command): \(run.errorText)")
        #expect(shop.leaks(run.outputText, run.errorText) == [])
      }
    }
    try await expectSilentCheck(shop, flags, variables)
  }

  /// Each way has some of the commands: what a command says does not depend on the way.
  private static func commands(of way: Way) -> [[String]] {
    let observe = ["--observe", "1s"]
    let tables = ["queues", "workers", "beat", "results", "broker"]
    let shown = tables.flatMap { table in
      ["table", "json", "csv"].map { ["show", table, "--format", $0] + observe }
    }
    let all =
      shown + ["text", "nagios", "prometheus"].map { ["check", "--format", $0] + observe }
      + [["snapshot"] + observe, ["doctor"], ["top", "--once", "--view", "broker"]]
    let number = Way.allCases.firstIndex(of: way) ?? 0
    return all.enumerated().filter { $0.offset % Way.allCases.count == number }.map(\.element)
      + [["top", "--once"]]
  }

  /// The document, the file kept between runs, and what the command of `--exec` gets.
  private func expectSilentCheck(
    _ shop: LockedShop, _ flags: [String], _ variables: [String: String]
  ) async throws {
    let home = shop.taskmon.home
    let exec =
      "cat > \(home.path("input")); env > \(home.path("environment"));"
      + " tr '\\0' ' ' < /proc/$PPID/cmdline > \(home.path("parent"))"
    let run = try await shop.taskmon.check(
      flags + ["--observe", "1s", "--exec", exec], state: home.path("state"),
      environment: variables.merging(["KEPT": "yes"]) { $1 })
    #expect(!run.document.headlines.contains { $0.contains("broker-unreachable") })
    let kept = try ["input", "environment", "parent", "state"].map { try home.read($0) }
    #expect(shop.leaks(texts: kept + [run.errors]) == [])
    #expect(kept[0].contains("\"findings\"") && kept[3].contains("\"history\""))
    #expect(kept[1].contains("KEPT=yes") && kept[1].contains("PATH="))
    for name in ["TASKMON_BROKER", "TASKMON_BACKEND", "CELERY_BROKER_URL"] {
      #expect(!kept[1].contains(name))
    }
    #expect(kept[2].contains("check"), "\(kept[2])")
  }

  @Test(
    "neither a wrong password nor a host that is away makes it tell", .serialized,
    arguments: [Way.argument, .query, .variable, .passwordFile])
  func failing(_ way: Way) async throws {
    let shop = try await LockedShop()
    let commands = [
      ["top", "--once"], ["check", "--observe", "1s"], ["doctor"], ["snapshot", "--observe", "1s"],
      ["show", "broker", "--observe", "1s"],
      ["check", "--observe", "1s", "--format", "json", "--state", shop.taskmon.home.path("state")],
    ]
    let (locked, lockedVariables) = try shop.given(way, isWrong: true)
    let (away, awayVariables) = try shop.given(way, port: try freePort())
    for command in commands {
      let refused = try await shop.taskmon.run(command + locked, environment: lockedVariables)
      #expect(refused.end != .exit(0))
      #expect(shop.leaks(refused.outputText, refused.errorText) == [], "\(refused.errorText)")
      let said = refused.outputText + refused.errorText
      #expect(said.contains("password") || said.contains("user"), "\(command): \(said)")
      let absent = try await shop.taskmon.run(command + away, environment: awayVariables)
      #expect(absent.end != .exit(0))
      #expect(shop.leaks(absent.outputText, absent.errorText) == [], "\(absent.errorText)")
    }
    #expect(shop.leaks(try shop.taskmon.home.read("state")) == [])
  }

  @Test(
    "pages, metrics, logs and the process list of a daemon", .serialized, arguments: [false, true])
  func serving(isWrong: Bool) async throws {
    let shop = try await LockedShop()
    // Real workers tell their own settings, URLs of broker and backend among them.
    let fleet = try await CeleryFleet(
      broker: shop.url(), variables: ["BACKEND": shop.backendURL()])
    _ = try await fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery")
    let (flags, _) = try shop.given(.argument, isWrong: isWrong)
    let serving = try await Serving(flags + ["--inspect-interval", "1s"], taskmon: shop.taskmon)
    #expect(shop.leaks(try shop.commandLine(of: serving.process.processID)) == [])
    try await eventually(within: 60, "what there is to know") {
      isWrong
        ? try serving.get("/api/v1/health").body.contains("broker-unreachable")
        : try serving.get("/metrics").body.contains("celery_worker_pool_size{worker=\"w1@shop\"} 1")
    }
    for page in ["/", "/metrics", "/api/v1/health", "/-/ready", "/-/healthy", "/health", "/none"] {
      let answer = try serving.get(page)
      #expect(shop.leaks(answer.head, answer.body) == [], "\(page)")
    }
    #expect(try await serving.stop() == .exit(0))
    #expect(shop.leaks(serving.process.outputSoFar, serving.process.errorsSoFar) == [])
    #expect(serving.process.errorsSoFar.contains("a password on the command line"))
    guard !isWrong else { return }
    // What workers told is in the snapshot and on the page of a worker.
    let snapshot = try await shop.taskmon.run(["snapshot", "--observe", "2s"] + flags)
    #expect(snapshot.outputText.contains("w1@shop"))
    #expect(snapshot.outputText.contains("resultBackend"))
    #expect(shop.leaks(snapshot.outputText) == [])
  }

  @Test("a console in a terminal shows it in no view, nor does the process list")
  func console() async throws {
    let shop = try await LockedShop()
    let home = shop.taskmon.home
    let (flags, _) = try shop.given(.named)
    try home.write(
      "go.sh",
      """
      echo $$ > \(home.path("pid"))
      exec \(Taskmon.path) top \(flags.map { "'\($0)'" }.joined(separator: " "))
      """)
    let terminal = try await Tmux(
      columns: 120, rows: 40, environment: shop.taskmon.environment)
    try await terminal.enter("sh \(home.path("go.sh")); echo EXIT $?")
    var screens = [try await terminal.shows("1 Health", within: 60)]
    let process = try #require(
      Int32(try home.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(shop.leaks(try shop.commandLine(of: process)) == [])
    try await terminal.shows("a connection", within: 60) { $0.contains("redis 7") }
    for key in ["1", "2", "3", "6", "7", "9", "?"] {
      try await terminal.type(key)
      screens.append(try await terminal.shows("a screen") { !screens.contains($0) })
    }
    #expect(shop.leaks(texts: screens) == [])
    #expect(screens.contains { $0.contains("prod") })
    try await terminal.press("Escape")
    try await terminal.type("q")
    #expect(shop.leaks(try await terminal.shows("EXIT 0", within: 30)) == [])
  }

  @Test("wrong usage quotes what was typed without it")
  func usage() async throws {
    let shop = try await LockedShop()
    let url = shop.url()
    let mistakes = [
      ["check", url], ["check", "--brokr=\(url)"], ["check", "--observe", url], [url],
      ["top", "--view=prod=\(url)"], ["show", url], ["explain", url], ["demo", url],
      ["check", "--rule", url, "--broker", url], ["check", "--set", url],
      ["check", "--config", url], ["check", "--from", url], ["doctor", "--password-file", url],
      ["doctor", "--broker", url, "--ca-cert", "ca.pem"],
    ]
    for arguments in mistakes {
      let run = try await shop.taskmon.run(arguments)
      #expect(run.end != .exit(0))
      #expect(run.outputText.isEmpty && !run.errorText.isEmpty, "\(arguments)")
      #expect(shop.leaks(run.errorText) == [], "\(arguments): \(run.errorText)")
    }
  }
}
