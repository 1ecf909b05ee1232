import Foundation

/// The program as it was built, in a home of its own: no configuration, no state but its own.
package final class Taskmon: Sendable {
  package let home: TemporaryFolder

  package init() throws { home = try TemporaryFolder() }

  /// Where the build puts it: beside the tests that run.
  package static let path: String = {
    if let named = ProcessInfo.processInfo.environment["TASKMON_BINARY"], !named.isEmpty {
      return named
    }
    let running = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return URL(fileURLWithPath: running ?? ".build/debug/x").deletingLastPathComponent()
      .appendingPathComponent("taskmon").path
  }()

  package var environment: [String: String] {
    [
      "HOME": home.path, "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
      "TERM": "xterm-256color", "TMPDIR": home.path, "TZ": "UTC",
    ]
  }

  package func run(
    _ arguments: [String], environment extra: [String: String] = [:], timeout seconds: Double = 60
  ) async throws -> ProcessResult {
    try await Subprocess.run(
      Self.path, arguments, environment: environment.merging(extra) { $1 }, folder: home.path,
      timeout: seconds)
  }

  package func start(_ arguments: [String], environment extra: [String: String] = [:]) throws
    -> Subprocess
  {
    try Subprocess(
      Self.path, arguments, environment: environment.merging(extra) { $1 }, folder: home.path)
  }

  /// Runs `check` with a JSON document as its answer.
  package func check(
    _ arguments: [String], state: String = "none", environment: [String: String] = [:],
    timeout seconds: Double = 60
  ) async throws -> CheckRun {
    let result = try await run(
      ["check", "--format", "json", "--state", state] + arguments, environment: environment,
      timeout: seconds)
    guard case .exit(let status) = result.end else {
      throw SupportError("check: \(result.end)\n\(result.outputText)\n\(result.errorText)")
    }
    do {
      return CheckRun(
        status: status, errors: result.errorText, document: try HealthReading(result.outputText))
    } catch {
      throw SupportError(
        "check, exit \(status): \(error)\n\(result.outputText)\n\(result.errorText)")
    }
  }
}

/// What one `check` said.
package struct CheckRun: Sendable {
  package let status: Int32
  package let errors: String
  package let document: HealthReading
}
