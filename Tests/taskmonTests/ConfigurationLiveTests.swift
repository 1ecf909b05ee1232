import Foundation
import TaskmonTestSupport
import Testing

@Suite("The program is configured", .tags(.live))
struct ConfigurationLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// The row of one threshold in `taskmon rules`, without what stands before its name.
  private func origin(
    of threshold: String, _ arguments: [String], _ environment: [String: String] = [:]
  ) async throws -> [Substring] {
    let run = try await taskmon.run(["rules"] + arguments, environment: environment)
    #expect(run.end == .exit(0), "\(run.errorText)")
    let lines = run.outputText.split(separator: "\n")
    return lines.first { $0.contains(threshold) }?.split(separator: " ").suffix(2) ?? []
  }

  @Test("`rules` tells where each threshold comes from")
  func origins() async throws {
    let file = try taskmon.home.write("c.yaml", "set:\n  stuck-task: {hard-margin: 20s}\n")
    let named = ["--config", file]
    let variable = ["TASKMON_SET": "stuck-task.hard-margin=30s"]
    let flag = ["--set", "stuck-task.hard-margin=40s"]
    #expect(try await origin(of: "hard-margin", []) == ["10s", "default"])
    #expect(try await origin(of: "hard-margin", named) == ["20s", "file"])
    #expect(try await origin(of: "hard-margin", [], ["TASKMON_CONFIG": file]) == ["20s", "file"])
    #expect(try await origin(of: "hard-margin", named, variable) == ["30s", "environment"])
    #expect(try await origin(of: "hard-margin", named + flag, variable) == ["40s", "flag"])
  }

  @Test("the file in the home's configuration folder is found by itself, `explain` reads it too")
  func usualPlace() async throws {
    try FileManager.default.createDirectory(
      atPath: taskmon.home.path(".config/taskmon"), withIntermediateDirectories: true)
    try taskmon.home.write(".config/taskmon/config.yaml", "set: {stuck-task.hard-margin: 25s}")
    #expect(try await origin(of: "hard-margin", []) == ["25s", "file"])
    let page = try await taskmon.run(["explain", "stuck-task"])
    #expect(page.outputText.contains("hard-margin = 25s (file)"))
  }

  @Test(
    "a wrong file ends every command with one line, `check` with 3",
    arguments: [("check", 3), ("top", 1), ("serve", 1), ("doctor", 1), ("rules", 1), ("demo", 1)])
  func wrongFile(_ command: String, _ code: Int32) async throws {
    let file = try taskmon.home.write("c.yaml", "# ours\nrefrsh: 1s\n")
    let run = try await taskmon.run([command, "--config", file])
    #expect(run.end == .exit(code))
    #expect(run.outputText.isEmpty)
    #expect(
      run.errorText
        == "taskmon: \(file):2: there is no setting \"refrsh\"; did you mean \"refresh\"?\n")
    let help = try await taskmon.run([command, "--config", file, "--help"])
    #expect(help.end == .exit(0))
  }

  @Test("a wrong variable ends the command and is named")
  func wrongVariable() async throws {
    let run = try await taskmon.run(["top"], environment: ["TASKMON_REFRESH": "soon"])
    #expect(run.end == .exit(1))
    #expect(run.errorText.hasPrefix("taskmon: TASKMON_REFRESH: \"soon\" is no duration"))
  }

  @Test("the broker is taken from flag, variable, Celery's variable and file, in this order")
  func broker() async throws {
    let file = try taskmon.home.write("c.yaml", "broker: redis://127.0.0.1:1/4\n")
    let variables = [
      "CELERY_BROKER_URL": "redis://127.0.0.1:1/3", "TASKMON_BROKER": "redis://127.0.0.1:1/2",
    ]
    let common = ["--config", file, "--observe", "1s"]
    func database(
      _ arguments: [String], _ environment: [String: String]
    ) async throws -> Character? {
      try await taskmon.check(common + arguments, environment: environment).document.broker.last
    }
    #expect(try await database([], [:]) == "4")
    #expect(
      try await database([], variables.filter { $0.key == "CELERY_BROKER_URL" }) == "3")
    #expect(try await database([], variables) == "2")
    #expect(try await database(["--broker", "redis://127.0.0.1:1/1"], variables) == "1")
  }

  @Test(
    "every flag of a command can be set in the environment and the file as well",
    arguments: [
      "top", "serve", "check", "doctor", "snapshot", "show", "rules", "explain", "demo",
    ])
  func flags(_ command: String) async throws {
    let help = try await taskmon.run([command, "--help"]).outputText
    let flags = help.matches(of: #/(?m)^  (?:-\w, )?--([a-z-]+)/#).map { String($0.output.1) }
    // Neither says how to work, so that neither can be configured.
    let settings = Set(flags).subtracting(["help", "version", "list"])
    #expect(settings.count >= 2)
    for name in settings {
      let variable = "TASKMON_" + name.replacing("-", with: "_").uppercased()
      #expect(help.contains(variable), "\(command) --\(name)")
    }
  }
}
