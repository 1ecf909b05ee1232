import Foundation
import TaskmonTestSupport
import Testing

/// What taskmon serves of each scenario of the demo, as a page of metrics.
///
/// Several tests look at the same page: it takes a minute and a quarter to come by.
actor ScenarioPages {
  static let shared = ScenarioPages()

  private var pages: [String: Task<ScenarioPage, any Error>] = [:]

  func page(of scenario: String) async throws -> ScenarioPage {
    let known = pages[scenario]
    let page = known ?? Task { try await Self.look(at: scenario) }
    pages[scenario] = page
    return try await page.value
  }

  /// Those that `demo --list` names, whatever they will be.
  static func names() async throws -> [String] {
    try await Taskmon().run(["demo", "--list"]).outputText.split(separator: "\n")
      .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  /// The mistakes of the demo are there from its start, but workers are asked and results scanned
  /// twice a minute; a scenario that bears a rule's name is waited for until that rule has spoken.
  private static func look(at scenario: String) async throws -> ScenarioPage {
    let taskmon = try Taskmon()
    let own = try await rules().contains(scenario) ? scenario : nil
    let broker = try DemoBroker(scenario, taskmon)
    let serving = try await Serving(["--broker", try await broker.url()], taskmon: taskmon)
    try await pass(seconds: 75)
    var page = ScenarioPage(text: try serving.get("/metrics").body)
    let deadline = ContinuousClock.now + .seconds(90)
    while let own, !page.findings.contains(where: { $0.rule == own }),
      ContinuousClock.now < deadline
    {
      try await pass(seconds: 1)
      page = ScenarioPage(text: try serving.get("/metrics").body)
    }
    try await broker.stop()
    return page
  }

  static func rules() async throws -> [String] {
    struct Rule: Decodable { let id: String }
    let json = try await Taskmon().run(["rules", "--format", "json"]).outputText
    return try JSONDecoder().decode([Rule].self, from: Data(json.utf8)).map(\.id)
  }
}

/// A page of metrics in the text format.
struct ScenarioPage: Sendable {
  let text: String

  struct Finding: Sendable, Hashable {
    let rule: String
    let severity: String
    let subject: String

    /// `critical stuck-task billing.sync`.
    var headline: String { "\(severity) \(rule) \(subject)" }
  }

  /// What it says beside comments and buckets.
  var series: [Substring] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.contains("_bucket{") }
  }

  /// In the order of the alphabet.
  var findings: [Finding] {
    let line = #/^taskmon_finding{rule="(.*)",antipattern=".*",severity="(.*)",subject="(.*)"} 1$/#
    return series.compactMap { try? line.wholeMatch(in: $0) }.map {
      Finding(
        rule: String($0.output.1), severity: String($0.output.2), subject: String($0.output.3))
    }.sorted { $0.headline < $1.headline }
  }

  var headlines: [String] { findings.filter { $0.severity != "info" }.map(\.headline) }
}
