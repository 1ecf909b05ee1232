import Foundation
import TaskmonTestSupport
import Testing

/// The simulated fleet of the demo, for others to look at.
final class DemoBroker: Sendable {
  private let taskmon: Taskmon
  private let process: Subprocess
  private let note: String

  init(_ scenario: String, _ taskmon: Taskmon) throws {
    self.taskmon = taskmon
    note = taskmon.home.path("broker")
    // Ends when its note is gone, and after five minutes for certain.
    let command = """
      { echo "$TASKMON_BROKER"; echo "$TASKMON_SET"; echo "$TASKMON_WORKER_LOG"; } > \
        '\(note).new'; mv '\(note).new' '\(note)'
      for i in $(seq 1500); do [ -e '\(note)' ] || exit 0; sleep 0.2; done
      """
    process = try taskmon.start(["demo", scenario, "--", "/bin/sh", "-c", command])
  }

  func url() async throws -> String {
    try await lines().first ?? ""
  }

  /// What taskmon has to be told to see all of the scenario.
  func flags() async throws -> [String] {
    let lines = try await lines()
    let settings = (lines.count > 1 ? lines[1] : "").split(separator: ",")
    let logs = (lines.count > 2 ? lines[2...] : []).filter { !$0.isEmpty }
    return settings.flatMap { ["--set", String($0)] } + logs.flatMap { ["--worker-log", $0] }
  }

  private func lines() async throws -> [String] {
    try await eventuallyValue(within: 90, "the demo's broker") {
      let text = try? String(contentsOfFile: note, encoding: .utf8)
      return text?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }

  func stop() async throws {
    try FileManager.default.removeItem(atPath: note)
    #expect(try await process.result(timeout: 60).end == .exit(0))
  }
}
