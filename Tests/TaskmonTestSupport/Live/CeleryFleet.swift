import Foundation

/// Real Celery processes on one Redis; all of them end with the fleet, or with the test's process.
package final class CeleryFleet: Sendable {
  package let folder: TemporaryFolder
  private let environment: [String: String]
  private let python: String
  /// Whoever holds this end keeps the fleet alive.
  private let lifeline: Int32

  /// `broker` is the URL as Celery takes it; `variables` are what else its apps read.
  package init(
    broker: String, celery: PythonEnvironment = .current, variables: [String: String] = [:]
  ) async throws {
    folder = try TemporaryFolder()
    python = try await celery.python
    let fifo = folder.path("lifeline")
    guard mkfifo(fifo, 0o600) == 0 else { throw systemError("mkfifo") }
    lifeline = open(fifo, O_RDWR | O_CLOEXEC)
    guard lifeline >= 0 else { throw systemError("open \(fifo)") }
    environment = [
      "BROKER": broker, "C_FORCE_ROOT": "1", "HOME": folder.path, "LC_ALL": "C.UTF-8",
      "PATH": "\(Self.parent(of: python)):/usr/local/bin:/usr/bin:/bin",
      "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": PythonEnvironment.path,
      "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore",
    ].merging(variables) { $1 }
  }

  deinit { close(lifeline) }

  /// A worker of `app` that is ready to take tasks; `node` is its whole node name.
  ///
  /// Its log is what the member says, or the file that is named.
  package func worker(
    _ app: String, node: String, as name: String, queues: String, pool: [String] = ["-c", "1"],
    sendsTaskEvents: Bool = true, logFile: String? = nil
  ) async throws -> FleetMember {
    let member = try await start(
      name,
      ["-m", "celery", "-A", app, "worker", "-l", "INFO", "-n", node, "-Q", queues] + pool
        + (sendsTaskEvents ? ["-E"] : []) + (logFile.map { ["--logfile=\($0)"] } ?? []))
    if let logFile {
      try await eventually(within: 120, "\(logFile) says that \(node) is ready") {
        (try? String(contentsOfFile: logFile, encoding: .utf8))?.contains("\(node) ready.") == true
      }
    } else {
      try await member.says("\(node) ready.")
    }
    return member
  }

  /// A beat of `app` that has begun; a plain one keeps its schedule in a file named after it.
  ///
  /// `scheduler` is a class that keeps it elsewhere.
  package func beat(
    _ app: String, as name: String, redBeat: Bool = false, scheduler: String? = nil
  ) async throws -> FleetMember {
    let named = scheduler ?? (redBeat ? "redbeat.RedBeatScheduler" : nil)
    let scheduler = named.map { ["-S", $0] } ?? ["-s", folder.path("\(name).schedule")]
    let member = try await start(
      name, ["-m", "celery", "-A", app, "beat", "-l", "INFO", "--pidfile="] + scheduler)
    try await member.says("beat: Starting...")
    return member
  }

  /// Celery's own listener that has begun to print each event into its log.
  package func eventDump(_ app: String, as name: String) async throws -> FleetMember {
    let member = try await start(name, ["-m", "celery", "-A", app, "events", "--dump"])
    try await member.says("starting capture")
    return member
  }

  /// One of the programs beside the apps, left running.
  package func program(_ file: String, _ arguments: [String] = [], as name: String) async throws
    -> FleetMember
  {
    try await start(name, ["\(PythonEnvironment.programs)/\(file)"] + arguments)
  }

  /// Runs one of the programs to its end and gives what it printed; throws where it fails.
  package func output(
    of file: String, _ arguments: [String] = [], input: String = "", timeout: Double = 60
  ) async throws -> String {
    let result = try await Subprocess.run(
      python, ["\(PythonEnvironment.programs)/\(file)"] + arguments, environment: environment,
      folder: folder.path, input: Array(input.utf8), timeout: timeout)
    guard result.end == .exit(0) else {
      throw SupportError("\(file): \(result.end)\n\(result.errorText)")
    }
    return result.outputText
  }

  private func start(_ name: String, _ arguments: [String]) async throws -> FleetMember {
    let started = try await Subprocess.run(
      "setsid",
      ["--fork", "\(PythonEnvironment.programs)/guarded", folder.path, name, python] + arguments,
      environment: environment, folder: folder.path)
    guard started.end == .exit(0) else {
      throw SupportError("\(name) did not start: \(started.errorText)")
    }
    let member = FleetMember(name: name, folder: folder)
    try await eventually("start of \(name)") { member.processID != nil }
    return member
  }

  private static func parent(of path: String) -> String {
    path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }
}

/// One machine of a fleet: a process with its pool.
package struct FleetMember: Sendable {
  package let name: String
  let folder: TemporaryFolder

  package var log: String { (try? folder.read("\(name).log")) ?? "" }
  package var processID: Int32? { number("pid") }
  /// Nil while it runs, and where it was killed with its whole group.
  package var exitStatus: Int32? { number("exit") }

  /// Waits until the log holds a text; the log's end is in the error.
  package func says(_ text: String, within seconds: Double = 120) async throws {
    do {
      try await eventually(within: seconds, "\(name) says \(text)") { log.contains(text) }
    } catch {
      throw SupportError("\(name) never said \(text); its log:\n\(log.suffix(4000))")
    }
  }

  /// Asks it to end and waits until it has: a worker finishes what it runs.
  package func stop() async throws {
    guard let processID else { return }
    kill(processID, SIGTERM)
    try await eventually(within: 30, "end of \(name)") { exitStatus != nil }
  }

  /// Stops it where it stands, its children not, until `resume`.
  package func suspend() { processID.map { _ = kill($0, SIGSTOP) } }
  package func resume() { processID.map { _ = kill($0, SIGCONT) } }

  /// Kills it and its pool with signal 9, as a machine that loses its power.
  package func kill9() throws {
    guard let group = number("group") else { throw SupportError("\(name) was never started") }
    kill(-group, SIGKILL)
  }

  private func number(_ suffix: String) -> Int32? {
    (try? folder.read("\(name).\(suffix)")).flatMap {
      Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}

/// A Python with Celery as `.ci/venv` makes it, and the programs they run.
package enum PythonEnvironment: String, Sendable, CaseIterable {
  case current = "5.7.0"
  case old = "5.2.7"

  package static let root = Fixture.folder + "/../.."
  package static let programs = Fixture.folder + "/../celery"
  /// Where the apps of the workers are looked for.
  package static let path = "\(programs):\(programs)/zoo"

  private static let newPython = Task { try await PythonEnvironment.current.find() }
  private static let oldPython = Task { try await PythonEnvironment.old.find() }

  package var python: String {
    get async throws {
      switch self {
      case .current: try await Self.newPython.value
      case .old: try await Self.oldPython.value
      }
    }
  }

  /// `make test` names it; else the script is asked, and makes it where it is missing.
  private func find() async throws -> String {
    let (variable, arguments): (String, [String]) =
      switch self {
      case .current: ("TASKMON_PYTHON", [])
      case .old: ("TASKMON_PYTHON_5_2", ["5.2"])
      }
    if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty { return named }
    let made = try await Subprocess.run("\(Self.root)/.ci/venv", arguments, timeout: 300)
    guard made.end == .exit(0) else {
      throw SupportError("no Python with Celery \(rawValue): .ci/venv said\n\(made.errorText)")
    }
    return made.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
