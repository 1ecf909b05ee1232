import Foundation
import TaskmonTestSupport
import Testing

/// What a scenario shows is found, and nothing that it does not.
@Suite("The demo's scenarios are what they say", .tags(.live))
struct DemoScenariosLiveTests {
  @Test(
    "one mistake, one finding", .timeLimit(.minutes(4)),
    arguments: [
      ("healthy", []), ("beat-down", ["critical beat-down beat"]),
      ("worker-without-tasks", ["warning worker-without-tasks celery@worker-5"]),
      ("unregistered-task", ["critical unregistered-task shop.sync_prices"]),
    ])
  func one(_ scenario: String, _ wanted: [String]) async throws {
    let taskmon = try Taskmon()
    // The mistakes of the demo are there from its start, but workers are asked and results scanned
    // twice a minute.
    let run = try await taskmon.run(
      [
        "demo", scenario, "--", Taskmon.path, "check", "--observe", "75s", "--format", "json",
      ], timeout: 180)
    let found = try HealthReading(run.outputText).findings.filter { $0.severity != "info" }
    #expect(found.map(\.headline).sorted() == wanted, "\(run.outputText)")
  }
}
