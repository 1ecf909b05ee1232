import Foundation
import TaskmonTestSupport
import Testing

/// What taskmon serves of each scenario of the demo, as a page of metrics.
///
/// Several tests look at the same page: the first that asks for one has all of them made, some at a
/// time and the long ones first.
actor ScenarioPages {
  static let shared = ScenarioPages()

  private var pages: [String: Task<ScenarioPage, any Error>] = [:]
  private let desks = Desks(16)

  func page(of scenario: String) async throws -> ScenarioPage {
    if pages.isEmpty { for entry in ScenarioExpectations.all { begin(entry.scenario) } }
    guard let page = pages[scenario] else {
      throw SupportError("what \(scenario) shows is not among ScenarioExpectations")
    }
    return try await page.value
  }

  private func begin(_ scenario: String) {
    pages[scenario] = Task { [desks] in
      await desks.take()
      do {
        let page = try await Self.look(at: scenario)
        await desks.give()
        return page
      } catch {
        await desks.give()
        throw error
      }
    }
  }

  /// Those that `demo --list` names, whatever they will be.
  static func names() async throws -> [String] {
    try await Taskmon().run(["demo", "--list"]).outputText.split(separator: "\n")
      .filter { $0.hasPrefix("  ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  /// Until it shows what is expected of it; one of which nothing is expected for a while.
  private static func look(at scenario: String) async throws -> ScenarioPage {
    let taskmon = try Taskmon()
    let wanted = ScenarioExpectations.headlines(of: scenario) ?? []
    let broker = try DemoBroker(scenario, taskmon)
    let serving = try await Serving(
      ["--broker", try await broker.url(), "--inspect-interval", "5s"] + broker.flags(),
      taskmon: taskmon)
    let begun = ContinuousClock.now
    var page: ScenarioPage
    var strangers: Set<String> = []
    repeat {
      try await pass(seconds: 1)
      page = ScenarioPage(
        scenario: scenario, text: try serving.get("/metrics").body,
        health: try serving.health())
      strangers.formUnion(page.strangers(among: wanted))
    } while wanted.isEmpty
      ? ContinuousClock.now - begun < .seconds(75)
      : page.headlines != wanted && ContinuousClock.now - begun < .seconds(150)
    page.strangers = strangers
    try await broker.stop()
    return page
  }
}

/// So many may sit at a time; who comes later waits for a desk, in the order they came.
private actor Desks {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func give() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// A page of metrics in the text format, and the document of the same moment.
struct ScenarioPage: Sendable {
  let scenario: String
  let text: String
  let health: HealthReading
  /// Findings that were seen at any time and that nobody expects of this scenario.
  var strangers: Set<String> = []

  struct Finding: Sendable, Hashable {
    let rule: String
    let severity: String
    let subject: String

    /// `critical stuck-task billing.sync`.
    var headline: String { "\(severity) \(rule) \(subject)" }
  }

  init(scenario: String, text: String, health: HealthReading) {
    self.scenario = scenario
    self.text = text
    self.health = health
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

  /// Warnings and worse, and whatever the rule says whose name the scenario bears.
  var headlines: [String] {
    let told = findings.filter { $0.severity != "info" || $0.rule == scenario }.map(\.headline)
    let isUnjudged =
      health.status == "unknown" && health.unknown.contains { $0.rule == scenario }
    return (told + (isUnjudged ? ["unknown \(scenario)"] : [])).sorted()
  }

  /// Those of other rules or subjects than the wanted: a severity may still rise.
  fileprivate func strangers(among wanted: [String]) -> [String] {
    let known = Set(wanted.map(Self.withoutSeverity))
    return findings.map(\.headline).filter {
      !$0.hasPrefix("info ") && !known.contains(Self.withoutSeverity($0))
    }
  }

  private static func withoutSeverity(_ headline: String) -> Substring {
    headline.drop { $0 != " " }
  }
}
