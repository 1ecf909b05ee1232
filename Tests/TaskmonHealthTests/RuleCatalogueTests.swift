import FoundationEssentials
import TaskmonHealth
import TaskmonUnits
import Testing

@Suite struct RuleCatalogueTests {
  @Test(arguments: RuleRegistry.all.map { $0.id })
  func everyRuleHasAWholePageAThatNamesCommandsAndSettings(_ id: RuleID) throws {
    let page = try #require(RuleRegistry.rule(id)).page
    #expect(page.summary.hasSuffix(".") && !page.summary.contains("\n"))
    for text in [page.whyItHurts, page.detection, page.blindSpots, page.confirm, page.remedy] {
      #expect(text.count > 80)
    }
    #expect(page.confirm.contains("    redis-cli") || page.confirm.contains("    celery"))
    #expect(page.remedy.contains("    "))
  }

  @Test(arguments: RuleRegistry.all.map { $0.id }, [40, 80, 120])
  func noLineOfProseIsWiderThanAsked(_ id: RuleID, _ width: Int) throws {
    let rule = try #require(RuleRegistry.rule(id))
    for line in RuleCatalogue.page(rule, width: width).split(separator: "\n").dropFirst() {
      let isCode = line.hasPrefix("      ") || line.hasPrefix("  ") && !line.contains(". ")
      #expect(line.count <= width || isCode, "\(line)")
    }
  }

  @Test func aPageTellsTheThresholdsInForceAndTheirOrigin() throws {
    let set = try ThresholdOverrides(["stuck-task[a].hard-margin=1m"])
    let page = RuleCatalogue.page(StuckTask.self, thresholds: set)
    #expect(page.hasPrefix("stuck-task - antipattern 7, no time limits; something is happening\n"))
    #expect(page.contains("\n  hard-margin = 10s (default)\n"))
    #expect(page.contains("\n  [a].hard-margin = 1m (flag)\n"))
    #expect(page.contains("\n      celery -A APP inspect active --destination celery@HOST\n"))
  }

  @Test func theTableHasALineForEveryThreshold() throws {
    let table = RuleCatalogue.text(.table).split(separator: "\n").map(String.init)
    let thresholds = RuleRegistry.all.map { max(1, $0.thresholds.count) }.reduce(0, +)
    #expect(table.count == 1 + thresholds)
    #expect(table.first?.hasPrefix("RULE ") == true)
    #expect(table.contains { $0.hasPrefix("oversized-result ") && $0.hasSuffix("default") })
    #expect(table.allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test func theJSONIsAListOfRulesWithTheirThresholds() throws {
    struct Row: Decodable {
      struct Value: Decodable {
        var name: String
        var subject: String?
        var value: Double
        var unit: String
        var origin: String
      }
      var id: String
      var kind: String
      var severities: [String]
      var thresholds: [Value]
    }
    let set = try ThresholdOverrides(["oversized-result.critical=2MiB"])
    let text = RuleCatalogue.text(.json, thresholds: set)
    let rows = try JSONDecoder().decode([Row].self, from: Data(text.utf8))
    #expect(rows.map(\.id) == RuleRegistry.all.map { $0.id.rawValue })
    let row = try #require(rows.first { $0.id == "oversized-result" })
    #expect(row.kind == "practice")
    #expect(row.severities == ["critical", "warning"])
    #expect(row.thresholds.map(\.value) == [65_536, 2_097_152])
    #expect(row.thresholds.map(\.origin) == ["default", "flag"])
  }

  @Test func idsAndThresholdNamesAreUnique() {
    let ids = RuleRegistry.all.map { $0.id.rawValue }
    #expect(Set(ids).count == ids.count)
    for rule in RuleRegistry.all {
      #expect(Set(rule.thresholds.map(\.name)).count == rule.thresholds.count)
    }
  }

  @Test func aMisspeltRuleIsAnsweredWithTheNearestName() {
    #expect(
      RuleCatalogue.unknownRule("multiple-beat")
        == "there is no rule \"multiple-beat\"; did you mean \"multiple-beats\"?")
  }
}
