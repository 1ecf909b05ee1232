import ArgumentParser
import Glibc
import RedisClient
import TaskmonCollector
import TaskmonConfiguration
import TaskmonDemo
import TaskmonHealth
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits

/// `taskmon demo`: a simulated fleet on a private Redis, and the console on it.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows the console on a simulated fleet, healthy or with a named mistake.",
    discussion: """
      Starts a redis-server of its own behind a unix socket, gone again at the end. After `--` \
      stands a command to run instead of the console, with TASKMON_BROKER set to the demo's \
      broker, and TASKMON_SET and TASKMON_WORKER_LOG where the scenario needs them. Some \
      scenarios set thresholds down, so that nobody has to wait; --list says which.
      """)

  @Argument(help: ArgumentHelp("What goes on there; --list names them.", valueName: "scenario"))
  var scenario: String?

  @Flag(help: "List the scenarios.")
  var list = false

  @Option(setting: "workers") var workers: Int
  @Option(setting: "queues") var queues: Int
  @Option(setting: "tasks-per-second") var tasksPerSecond: Double

  @OptionGroup var screen: ScreenOptions
  @OptionGroup var place: ConfigurationOptions

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("A command to run on the demo's broker.", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64") }
    guard (1...64).contains(queues) else { throw ValidationError("--queues takes 1 to 64") }
    guard (0.1...500).contains(tasksPerSecond) else {
      throw ValidationError("--tasks-per-second takes 0.1 to 500")
    }
    if let scenario, ScenarioRegistry.named(scenario) == nil {
      throw ValidationError(
        "no scenario is called \"\(scenario)\"; see `taskmon demo --list`")
    }
  }

  func run() throws {
    if list { return printList() }
    let chosen = scenario.flatMap(ScenarioRegistry.named) ?? ScenarioRegistry.show
    let demo = DemoSession(
      options: DemoOptions(
        scenario: chosen, workers: workers, queues: queues, tasksPerSecond: tasksPerSecond),
      time: SystemClock.source)
    let environment = Environment.process
    let (url, signal) = try Blocking.run {
      try await demo.start(
        searchPath: environment["PATH"], temporary: environment["TMPDIR"])
    }
    let playing = Task { try await demo.run() }
    defer { stop(demo, playing) }
    if let signal { Terminal.die(by: signal) }
    let logs = try Blocking.run { await demo.workerLogs }.0
    if command.isEmpty {
      try show(url, chosen, logs)
    } else {
      let variables = Self.variables(url, chosen, logs)
      let code = try ChildCommand.run(command, adding: variables)
      if code != 0 { throw CommandFailure(nil, code: code) }
    }
  }

  private func show(_ url: String, _ chosen: Scenario, _ logs: String?) throws {
    try ConsoleRun(
      configuration: MonitorConfiguration(
        broker: try RedisURL(url), name: "demo", workerLogs: logs.map { [$0] } ?? []),
      thresholds: try ThresholdOverrides(chosen.thresholds), screen: screen,
      notices: ["demo: \(chosen.name)"]
    ).run()
  }

  /// What the scenario sets comes before what was set already, which counts for more.
  private static func variables(
    _ url: String, _ chosen: Scenario, _ logs: String?
  ) -> [String: String] {
    let set = chosen.thresholds + [Environment.process["TASKMON_SET"]].compactMap(\.self)
    var variables = ["TASKMON_BROKER": url]
    if !chosen.thresholds.isEmpty { variables["TASKMON_SET"] = set.joined(separator: ",") }
    variables["TASKMON_WORKER_LOG"] = logs
    return variables
  }

  private func stop(_ demo: DemoSession, _ playing: Task<Void, any Error>) {
    playing.cancel()
    // Whatever fails here, the guardian clears up when this process ends.
    _ = try? Blocking.run { await demo.stop() }
  }

  // MARK: The list

  /// By what the scenarios show: tours, antipatterns and golden rules in their order, incidents.
  private func printList() {
    let width = ScenarioRegistry.all.map(\.name.count).max() ?? 0
    for (title, scenarios) in Self.groups where !scenarios.isEmpty {
      Output.write("\(title)\n")
      for scenario in scenarios {
        let padding = String(repeating: " ", count: width - scenario.name.count)
        let label = Self.teaching(of: scenario)?.label ?? ""
        let mark = label + String(repeating: " ", count: max(0, 2 - label.count))
        let set =
          scenario.thresholds.isEmpty
          ? "" : " (here \(scenario.thresholds.joined(separator: ", ")))"
        Output.write("  \(scenario.name)\(padding)  \(mark)  \(scenario.summary)\(set)\n")
      }
    }
  }

  private static var groups: [(title: String, scenarios: [Scenario])] {
    let all = ScenarioRegistry.all
    func taught(_ number: (Antipattern) -> Int?) -> [Scenario] {
      all.compactMap { scenario in
        teaching(of: scenario).flatMap(number).map { (number: $0, scenario: scenario) }
      }
      .enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }
      .map(\.element.scenario)
    }
    return [
      ("Tours", all.filter { teaching(of: $0) == nil }),
      ("Antipatterns", taught { if case .antipattern(let number) = $0 { number } else { nil } }),
      ("Golden rules", taught { if case .goldenRule(let number) = $0 { number } else { nil } }),
      ("Incidents", taught { $0 == .incident ? 0 : nil }),
    ]
  }

  /// Of the rule whose name the scenario bears; nil for a tour.
  private static func teaching(of scenario: Scenario) -> Antipattern? {
    RuleRegistry.rule(RuleID(rawValue: scenario.name))?.antipattern
  }
}

/// Runs another program to its end, with our own standard streams.
enum ChildCommand {
  /// Its exit code, or 128 and the number of the signal that ended it.
  static func run(_ command: [String], adding variables: [String: String]) throws -> Int32 {
    for (name, value) in variables { setenv(name, value, 1) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A child inherits ignored signals and the mask: it gets the defaults instead.
    var all = sigset_t()
    sigfillset(&all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    let failure = posix_spawnp(&process, command[0], nil, &attributes, &arguments, environ)
    guard failure == 0 else {
      throw CommandFailure(
        "\(command[0]) could not be started: \(String(cString: strerror(failure)))", code: 127)
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}
