import Foundation
import TaskmonExposition
import TaskmonHealth
import TaskmonTestSupport
import Testing

/// What is committed under `dashboards/`, read as text by code that shares nothing with its writer.
@Suite("Dashboards, alerts and runbook")
struct DashboardFilesTests {
  private let alerts: String
  private let proofs: String
  private let runbook: String
  private let overview: String

  init() throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: "\(SourceTree.root)/dashboards/\(name)", encoding: .utf8)
    }
    alerts = try text("taskmon-alerts.yaml")
    proofs = try text("taskmon-alerts-test.yaml")
    runbook = try text("runbook.md")
    overview = try text("overview.json")
  }

  /// Every name of a series that a page may have.
  private static let series: Set<String> = Set(
    FamilyRegistry.declared.flatMap { family in
      switch family.kind {
      case .counter, .gauge: [family.name]
      case .histogram: ["_bucket", "_sum", "_count"].map { family.name + $0 }
      }
    })

  @Test("name only metrics that exist")
  func metrics() {
    let expressions =
      alerts.matches(of: #/\n +expr: ((?:.|\n)*?)\n +for: /#).map { $0.output.1 }
      + proofs.matches(of: #/\n +- series: (.*)/#).map { $0.output.1 }
      + overview.matches(of: #/"(?:expr|query)": "(.*)"/#).map { $0.output.1 }
      + runbook.matches(of: #/```promql\n((?:[^`]|\n)*)```/#).map { $0.output.1 }
    #expect(expressions.count > 200)
    let names = Set(
      expressions.flatMap { expression in
        expression.matches(of: #/\b(?:celery|taskmon|process)_[a-z0-9_]+/#).map {
          String($0.output)
        }
      })
    #expect(names.count > 40)
    #expect(names.subtracting(Self.series).sorted() == [])
  }

  @Test("have an alert for each rule and severity above info, and none for an info")
  func everyRule() throws {
    var wanted: [String] = []
    for rule in RuleRegistry.all {
      for severity in rule.severities where severity != .info {
        wanted.append("\(rule.id.alertName) \(rule.id) \(severity.rawValue)")
      }
    }
    let alert =
      #/- alert: (\w+)\n +expr: taskmon_finding{rule="([a-z-]+)",severity="(\w+)"} == 1\n/#
    let found = alerts.matches(of: alert).map { "\($0.output.1) \($0.output.2) \($0.output.3)" }
    #expect(found.sorted() == wanted.sorted())
    #expect(alerts.matches(of: #/taskmon_finding{/#).count == found.count + 1)
  }

  @Test("lead from each alert to a heading of the runbook, as from each rule")
  func headings() {
    let headings = Set(runbook.matches(of: #/\n## (\S+)\n/#).map { $0.output.1.lowercased() })
    let links = alerts.matches(of: #/runbook_url: runbook\.md#(\S+)\n/#).map { String($0.output.1) }
    #expect(links.count == alerts.matches(of: #/- alert: /#).count)
    #expect(Set(links).subtracting(headings).sorted() == [])
    #expect(Set(RuleRegistry.all.map { $0.id.rawValue }).subtracting(headings).sorted() == [])
    let inside = runbook.matches(of: #/\]\(#(\S+)\)/#).map { String($0.output.1) }
    #expect(Set(inside).subtracting(headings).sorted() == [])
  }

  @Test("stand beside sources and tests, and there is no other folder")
  func folders() throws {
    let found = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root)
      .filter { name in
        var isFolder: ObjCBool = false
        let path = "\(SourceTree.root)/\(name)"
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
          && isFolder.boolValue && (!name.hasPrefix(".") || name == ".ci")
      }
    #expect(found.sorted() == [".ci", "Sources", "Tests", "dashboards"])
  }
}
