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
      stands a command to run instead of the console, with TASKMON_BROKER set to the demo's broker.
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
    if command.isEmpty {
      try show(url, chosen)
    } else {
      let code = try ChildCommand.run(command, adding: ["TASKMON_BROKER": url])
      if code != 0 { throw CommandFailure(nil, code: code) }
    }
  }

  private func show(_ url: String, _ chosen: Scenario) throws {
    try ConsoleRun(
      configuration: MonitorConfiguration(broker: try RedisURL(url), name: "demo"),
      thresholds: ThresholdOverrides(), screen: screen, notices: ["demo: \(chosen.name)"]
    ).run()
  }

  private func stop(_ demo: DemoSession, _ playing: Task<Void, any Error>) {
    playing.cancel()
    // Whatever fails here, the guardian clears up when this process ends.
    _ = try? Blocking.run { await demo.stop() }
  }

  private func printList() {
    let width = ScenarioRegistry.all.map(\.name.count).max() ?? 0
    for scenario in ScenarioRegistry.all {
      let padding = String(repeating: " ", count: width - scenario.name.count)
      Output.write("\(scenario.name)\(padding)  \(scenario.summary)\n")
    }
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
