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
    let page = try await ScenarioPages.shared.page(of: scenario)
    #expect(page.headlines == wanted, "\(page.text)")
  }
}
