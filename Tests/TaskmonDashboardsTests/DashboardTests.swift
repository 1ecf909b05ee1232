import Foundation
import TaskmonDashboards
import TaskmonTestSupport
import Testing

/// The dashboard as Grafana would read it.
@Suite("The overview dashboard")
struct DashboardTests {
  private struct Document: Decodable {
    let uid: String
    let schemaVersion: Int
    let panels: [Panel]
    let templating: Templating

    struct Templating: Decodable { let list: [Variable] }
    struct Variable: Decodable {
      let name: String
      let type: String
    }
  }

  private struct Panel: Decodable {
    let id: Int
    let type: String
    let title: String
    let gridPos: Grid
    let datasource: Source?
    let targets: [Target]?
  }

  private struct Grid: Decodable {
    let x: Int
    let y: Int
    let w: Int
    let h: Int

    func overlaps(_ other: Grid) -> Bool {
      x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h
    }
  }

  private struct Source: Decodable, Equatable {
    let type: String
    let uid: String
  }

  private struct Target: Decodable {
    let refId: String
    let expr: String
    let legendFormat: String
    let datasource: Source
  }

  private let document: Document

  init() throws {
    let text = OverviewDashboard.dashboard.text(runbook: "runbook.md")
    document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
  }

  @Test("keeps its uid and takes its data source from a variable")
  func identity() {
    #expect(document.uid == "taskmon-overview")
    #expect(document.schemaVersion >= 39)
    #expect(document.templating.list.map(\.name) == ["datasource", "instance"])
    #expect(document.templating.list.map(\.type) == ["datasource", "query"])
  }

  @Test("has panels with an id and a title of their own")
  func panels() {
    #expect(document.panels.count > 25)
    #expect(Set(document.panels.map(\.id)).count == document.panels.count)
    #expect(Set(document.panels.map(\.title)).count == document.panels.count)
  }

  @Test("lays no panel over another, nor beyond the edge")
  func grid() {
    let places = document.panels.map(\.gridPos)
    for (index, place) in places.enumerated() {
      #expect(place.x >= 0 && place.w > 0 && place.h > 0 && place.x + place.w <= 24)
      for other in places[..<index] { #expect(!place.overlaps(other), "\(place) \(other)") }
    }
    for panel in document.panels where panel.type == "row" { #expect(panel.gridPos.w == 24) }
  }

  @Test("asks the chosen data source, each question with a letter of its own")
  func targets() {
    let wanted = Source(type: "prometheus", uid: "${datasource}")
    for panel in document.panels where panel.type != "row" {
      let targets = panel.targets ?? []
      #expect(!targets.isEmpty, "\(panel.title)")
      #expect(panel.datasource == wanted)
      #expect(Set(targets.map(\.refId)).count == targets.count)
      #expect(targets.allSatisfy { $0.datasource == wanted && !$0.expr.isEmpty })
      #expect(targets.count == 1 || targets.allSatisfy { !$0.legendFormat.isEmpty })
    }
  }

  @Test("asks only about the chosen taskmon")
  func instance() {
    for target in document.panels.flatMap({ $0.targets ?? [] }) {
      let metrics = target.expr.matches(of: #/\b(?:celery|taskmon)_\w+/#).count
      let chosen = target.expr.matches(of: #/instance=~"\$instance"/#).count
      #expect(metrics == chosen, "\(target.expr)")
    }
  }

  @Test("names its curves by labels that their expressions keep, of metrics that have them")
  func legends() throws {
    let page = String(decoding: try Fixture.bytes("metrics/shop.prom"), as: UTF8.self)
    let known = Set(page.matches(of: #/[{,]([a-z_]+)="/#).map { $0.output.1 }).union(["instance"])
    for target in document.panels.flatMap({ $0.targets ?? [] }) {
      let kept = target.expr.matches(of: #/by \(([^)]*)\)/#).flatMap {
        $0.output.1.split(separator: ", ")
      }
      #expect(Set(kept).subtracting(known) == [], "\(target.expr)")
      for label in target.legendFormat.matches(of: #/{{(\w+)}}/#).map({ $0.output.1 }) {
        #expect(kept.contains(label), "\(target.legendFormat) of \(target.expr)")
      }
    }
  }

  @Test("writes PromQL that Prometheus parses")
  func promQL() async throws {
    let folder = try TemporaryFolder()
    let expressions = OverviewDashboard.dashboard.panels.flatMap(\.expressions)
    let rules = expressions.enumerated().map { index, expression in
      "  - record: panel:\(index)\n    expr: '\(expression.replacing("'", with: "''"))'\n"
    }
    try folder.write("rules.yaml", "groups:\n- name: panels\n  rules:\n" + rules.joined())
    let run = try await Subprocess.run(
      "promtool", ["check", "rules", "rules.yaml"], folder: folder.path)
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
    #expect(run.outputText.contains("\(expressions.count) rules found"))
  }
}
