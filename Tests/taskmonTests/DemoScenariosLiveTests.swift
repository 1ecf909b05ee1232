import TaskmonTestSupport
import Testing

/// What a scenario shows is found, and nothing that it does not.
@Suite("The demo's scenarios are what they say", .tags(.live))
struct DemoScenariosLiveTests {
  @Test(
    "one mistake, one finding", .timeLimit(.minutes(10)), arguments: try await ScenarioPages.names()
  )
  func one(_ scenario: String) async throws {
    let page = try await ScenarioPages.shared.page(of: scenario)
    #expect(page.headlines == ScenarioExpectations.headlines(of: scenario), "\(page.findings)")
    #expect(page.strangers == [])
  }

  @Test("what is expected is expected of scenarios that there are, once of each")
  func expectations() async throws {
    let names = ScenarioExpectations.all.map(\.scenario)
    #expect(names.sorted() == (try await ScenarioPages.names()).sorted())
  }
}
