import Foundation
import TaskmonTestSupport
import Testing

/// The console in a real terminal, on the simulated fleet it brings along.
@Suite("The console in a real terminal", .tags(.live))
struct TerminalLiveTests {
  struct Size: Sendable, CustomStringConvertible {
    let columns: Int
    let rows: Int
    var description: String { "\(columns)×\(rows)" }
  }

  @Test(
    "views, help, a dialog and a resize fill the screen and nothing beyond",
    arguments: [Size(columns: 80, rows: 24), Size(columns: 140, rows: 40)])
  func views(_ size: Size) async throws {
    let demo = try await DemoTerminal(size.columns, size.rows)
    try await demo.start("multiple-beats")
    let health = try await demo.terminal.shows("a finding", within: 90) {
      headlines(on: $0).contains { $0.hasPrefix("critical multiple-beats ") }
    }
    expectFrame(health, size)
    #expect(health.firstMatch(of: #/[1-9] CRITICAL/#) != nil, "\(health)")

    try await demo.terminal.press("Enter")
    try await demo.terminal.shows("the explanation") {
      $0.contains("multiple-beats") && $0.lowercased().contains("beat") && !$0.contains("SUBJECT")
    }
    try await demo.terminal.press("Escape")
    for (key, heading) in [
      ("2", "READY"), ("3", "STATE"), ("4", "FAILING"), ("5", "OF LIMIT"), ("6", "SCHEDULE"),
      ("7", "RESULT"), ("8", "VERDICT"), ("9", "FACT"),
      ("1", "SUBJECT"),
    ] {
      try await demo.terminal.type(key)
      let view = try await demo.terminal.shows("the columns of view \(key)") {
        $0.uppercased().contains(heading)
      }
      expectFrame(view, size)
    }
    try await demo.terminal.type("?")
    try await demo.terminal.shows("the help") { $0.lowercased().contains("pause") }
    try await demo.terminal.press("Escape")
    try await demo.terminal.type("p")
    try await demo.terminal.shows("PAUSED")
    try await demo.terminal.resize(columns: 70, rows: 18)
    try await demo.terminal.shows("the tabs after a resize") { $0.contains("1 Health") }
    try await demo.terminal.resize(columns: 40, rows: 8)
    try await demo.terminal.shows("the message that it is too small") {
      !$0.contains("1 Health") && $0.contains { $0.isLetter }
    }
    try await demo.terminal.resize(columns: size.columns, rows: size.rows)
    try await demo.terminal.shows("the tabs again") { $0.contains("1 Health") }
    try await demo.terminal.type("q")
    try await demo.expectSane(after: "EXIT 0")
  }

  @Test("a name reaches the terminal's clipboard, and rows a file of their owner's alone")
  func takesAlong() async throws {
    let demo = try await DemoTerminal(100, 30)
    try await demo.start("healthy")
    try await demo.terminal.shows("the tabs", within: 60) { $0.contains("3 Workers") }
    try await demo.terminal.type("3")
    try await demo.terminal.shows("a worker", within: 30) { $0.contains("▌") && $0.contains("@") }
    try await demo.terminal.type("y")
    let screen = try await demo.terminal.shows("sent to the terminal's clipboard")
    let name = try await demo.terminal.clipboard()
    #expect(name.contains("@") && screen.contains(" \(name) sent"), "\(name)\n\(screen)")
    try await demo.terminal.type("e")
    try await demo.terminal.shows("spreadsheet")
    try await demo.terminal.press("Down", "Enter")
    try await demo.terminal.shows("saved in")
    let files = try FileManager.default.contentsOfDirectory(atPath: demo.home)
      .filter { $0.hasPrefix("taskmon-workers-") }
    let file = try #require(files.first)
    let path = "\(demo.home)/\(file)"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("\"\(name)\""), "\(text)")
    try await demo.terminal.type("q")
    try await demo.expectSane(after: "EXIT 0")
  }

  /// How a console ends, what the shell says then.
  enum WayOut: String, Sendable, CaseIterable {
    case q, controlC, terminate, suspendAndResume, trap

    var exit: String {
      switch self {
      case .q, .controlC, .suspendAndResume: "EXIT 0"
      case .terminate: "EXIT \(128 + SIGTERM)"
      case .trap: "EXIT \(128 + SIGILL)"
      }
    }
  }

  @Test("the terminal is as it was after every way out", arguments: WayOut.allCases)
  func restored(_ way: WayOut) async throws {
    let demo = try await DemoTerminal(100, 30)
    try await demo.start("healthy")
    try await demo.terminal.shows("the tabs", within: 60) { $0.contains("1 Health") }
    #expect(try await demo.terminal.value("alternate_on") == "1")
    switch way {
    case .q: try await demo.terminal.type("q")
    case .controlC: try await demo.terminal.press("C-c")
    case .terminate: kill(try demo.processID, SIGTERM)
    case .trap: kill(try demo.processID, SIGILL)
    case .suspendAndResume:
      try await demo.terminal.press("C-z")
      try await demo.terminal.shows("the shell's prompt") { $0.contains("Stopped") }
      #expect(try await demo.terminal.value("alternate_on") == "0")
      #expect(try await demo.terminal.value("cursor_flag") == "1")
      try await demo.terminal.enter("fg")
      try await demo.terminal.shows("the tabs after fg") { $0.contains("1 Health") }
      #expect(try await demo.terminal.value("alternate_on") == "1")
      try await demo.terminal.type("q")
    }
    try await demo.expectSane(after: way.exit)
  }

  @Test("a console killed with -9 leaves no server and no folder")
  func killed() async throws {
    let demo = try await DemoTerminal(100, 30)
    try await demo.start("healthy")
    try await demo.terminal.shows("the tabs", within: 60) { $0.contains("1 Health") }
    #expect(!demo.servers.isEmpty && !demo.leftovers.isEmpty, "the demo has a server of its own")
    kill(try demo.processID, SIGKILL)
    try await eventually(within: 20, "no server and no folder") {
      demo.servers.isEmpty && demo.leftovers.isEmpty
    }
  }

  @Test("not a terminal: the plain-text snapshot, exit 0, and nothing left")
  func noTerminal() async throws {
    let taskmon = try Taskmon()
    let run = try await taskmon.run(["demo", "healthy"], timeout: 90)
    #expect(run.end == .exit(0), "\(run.errorText)")
    #expect(run.outputText.contains("celery"), "\(run.outputText)")
    #expect(!run.outputText.contains("\u{1b}"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: taskmon.home.path) == [])
  }

  /// Every line fits, and header, tabs and key line are where they belong.
  private func expectFrame(_ screen: String, _ size: Size) {
    let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= size.columns })
    #expect(lines.first?.contains("taskmon") == true, "\(screen)")
    #expect(screen.contains("1 Health") && screen.contains("2 Queues"), "\(screen)")
  }
}

/// `taskmon demo` run from a shell in a terminal, and what it must not leave behind.
private final class DemoTerminal: Sendable {
  let terminal: Tmux
  private let taskmon: Taskmon

  init(_ columns: Int, _ rows: Int) async throws {
    taskmon = try Taskmon()
    try FileManager.default.createDirectory(
      atPath: taskmon.home.path("tmp"), withIntermediateDirectories: true)
    var environment = taskmon.environment
    environment["TMPDIR"] = taskmon.home.path("tmp")
    // A trace would else wait for a key, and for its own program's symbols.
    environment["SWIFT_BACKTRACE"] = "interactive=no,color=no,symbolicate=off"
    terminal = try await Tmux(columns: columns, rows: rows, environment: environment)
  }

  /// Notes the terminal's settings, then runs the demo under the shell's job control.
  func start(_ scenario: String) async throws {
    let home = taskmon.home
    try home.write(
      "demo.sh",
      """
      echo $$ > \(home.path("pid"))
      cd \(home.path)
      exec \(Taskmon.path) demo \(scenario)
      """)
    try await terminal.enter(
      "stty -a > \(home.path("before")); sh \(home.path("demo.sh")); echo EXIT $?")
  }

  /// Where the program runs.
  var home: String { taskmon.home.path }

  var processID: Int32 {
    get throws {
      let text = try taskmon.home.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)
      guard let number = Int32(text) else { throw SupportError("no process id: \(text)") }
      return number
    }
  }

  /// The terminal is as before, and nothing of the demo is left.
  func expectSane(after exit: String) async throws {
    // What is typed while the program still goes may be lost with it.
    try await eventually(within: 20, "the shell is back") {
      try await self.terminal.value("pane_current_command") == "bash"
    }
    // A shell that ran `fg` prints what the job's own line would have printed only for `fg`.
    try await terminal.enter("echo LAST $?; stty -a > \(taskmon.home.path("after")); echo SANE")
    let screen = try await terminal.shows("SANE", within: 30) {
      $0.split(separator: "\n").contains { $0 == "SANE" }
    }
    #expect(screen.contains(exit) || screen.contains("LAST 0"), "\(screen)")
    #expect(try await terminal.value("alternate_on") == "0")
    #expect(try await terminal.value("cursor_flag") == "1")
    #expect(try await terminal.value("mouse_any_flag") == "0")
    #expect(try taskmon.home.read("after") == (try taskmon.home.read("before")))
    try await eventually(within: 20, "no server and no folder") {
      self.servers.isEmpty && self.leftovers.isEmpty
    }
  }

  /// What lies in the folder for temporary files.
  var leftovers: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: taskmon.home.path("tmp"))) ?? []
  }

  /// Processes whose command line names that folder.
  var servers: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { Int32($0) != nil }.filter { process in
      let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))) ?? Data()
      return String(decoding: line, as: UTF8.self).contains(taskmon.home.path("tmp"))
    }
  }
}
