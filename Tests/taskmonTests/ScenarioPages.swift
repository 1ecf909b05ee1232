import Foundation
import TaskmonTestSupport
import Testing

/// What `check` says of each scenario of the demo, as a page of metrics.
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

  private static func look(at scenario: String) async throws -> ScenarioPage {
    let taskmon = try Taskmon()
    // The mistakes of the demo are there from its start, but workers are asked and results scanned
    // twice a minute.
    let run = try await taskmon.run(
      [
        "demo", scenario, "--", Taskmon.path, "check", "--observe", "75s", "--format",
        "prometheus",
      ], timeout: 180)
    guard run.outputText.contains("taskmon_build_info") else {
      throw SupportError("\(scenario): \(run.end)\n\(run.outputText)\n\(run.errorText)")
    }
    return ScenarioPage(text: run.outputText)
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
