import TaskmonDashboards
import TaskmonExposition
import TaskmonHealth
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("The alerts")
struct AlertTests {
  static let alerts = AlertRegistry.all
  static let names = alerts.map { "\($0.name) \($0.severity.rawValue)" }

  @Test("are one for each rule and severity above info", arguments: RuleRegistry.all.map { $0.id })
  func everyRule(_ id: RuleID) throws {
    let rule = try #require(RuleRegistry.rule(id))
    let found = Self.alerts.filter { $0.name == id.alertName }
    let wanted = rule.severities.filter { $0 != .info }
    #expect(Set(found.map(\.severity)) == Set(wanted))
    #expect(found.count == wanted.count)
    #expect(found.filter { $0.rule != id || $0.anchor != id.rawValue } == [])
  }

  @Test("never tell of an info, and never share a name but over severities")
  func unique() {
    #expect(Self.alerts.filter { $0.severity == .info } == [])
    #expect(Set(Self.names).count == Self.names.count)
  }

  @Test("are proved to fire and to stay quiet")
  func proved() {
    for alert in Self.alerts {
      #expect(alert.proofs.contains { $0.labels != nil }, "\(alert.name)")
      #expect(alert.proofs.contains { $0.labels == nil }, "\(alert.name)")
      #expect(alert.wait >= .minutes(1), "\(alert.name)")
    }
  }

  @Test("have a heading in the runbook, which has each heading once")
  func runbook() {
    let headings = Runbook.text().split(separator: "\n").filter { $0.hasPrefix("## ") }
      .map { $0.dropFirst(3).lowercased() }
    #expect(Set(headings).count == headings.count)
    #expect(Set(Self.alerts.map(\.anchor)).subtracting(headings) == [])
    #expect(Set(RuleRegistry.all.map { $0.id.rawValue }).subtracting(headings) == [])
  }

  @Test("about their own rule only speak of it while others cannot judge for long after a start")
  func slowRules() throws {
    let alert = try #require(Self.alerts.first { $0.name == "TaskmonRuleCannotJudge" })
    let named = try #require(alert.expression.firstMatch(of: #/rule!~"([^"]*)"/#)).output.1
    for rule in RuleRegistry.all where rule.id != NoCeleryHere.id {
      let longest = rule.needs.compactMap { need in
        if case .window(let length) = need { length } else { nil }
      }.max()
      let isNamed = named.split(separator: "|").contains { $0 == rule.id.rawValue }
      #expect(isNamed == ((longest ?? .zero) >= alert.wait), "\(rule.id)")
    }
  }

  @Test("say the same in a template as when it is filled in")
  func texts() {
    let text: AlertText = "\(label: "queue"): {{ \(.wholeValue) }} of \("ten")"
    #expect(
      text.template == #"{{ $labels.queue }}: {{ "{{" }} {{ printf "%.0f" $value }} }} of ten"#)
    #expect(text.text(labels: [Label("queue", "mail")], value: 6.7) == "mail: {{ 7 }} of ten")
  }

  @Test(
    "are proved on the lines of a page with what a scrape adds",
    arguments: [
      ("a_b 1", #"a_b{job="celery",instance="127.0.0.1:9808"}"#, 1.0),
      (#"a{x="{ 2"} 3.5"#, #"a{job="celery",instance="127.0.0.1:9808",x="{ 2"}"#, 3.5),
    ])
  func lines(line: String, selector: String, value: Double) throws {
    let series = try #require(ProofSeries(line: line[...]))
    #expect(AlertFile.selector(series.selector) == selector)
    #expect(series.course == .constant(value))
    #expect(ProofSeries(line: "# HELP a b 1") == nil)
  }
}
