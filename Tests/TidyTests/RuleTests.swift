import TaskmonHealth
import TaskmonTestSupport
import Testing

/// Every rule is told whole, and proved in its three ways.
@Suite("Rules are complete")
struct RuleTests {
  static let ids = RuleRegistry.all.map { $0.id.rawValue }

  @Test("there are rules, each once")
  func unique() {
    #expect(!Self.ids.isEmpty)
    #expect(Set(Self.ids).count == Self.ids.count)
  }

  @Test("a rule's type, file and id are one name", arguments: ids)
  func names(_ id: String) throws {
    let rule = try rule(id)
    let camel = id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
    #expect("\(rule)" == camel.joined())
    #expect(SourceTree.sources.contains { $0.path.hasSuffix("/Rules/\(camel.joined()).swift") })
  }

  @Test(
    "a rule's page says what, why, how, what not, how to confirm and what to do", arguments: ids)
  func page(_ id: String) throws {
    let page = try rule(id).page
    let parts = [
      page.summary, page.whyItHurts, page.detection, page.blindSpots, page.confirm, page.remedy,
    ]
    for part in parts {
      #expect(part.count >= 40 && part.last?.isWhitespace == false, "\(part)")
    }
    #expect(!page.summary.contains("\n"))
    // The dump of Celery's events has "task received", not the type of the event.
    #expect(page.confirm.firstMatch(of: #/events --dump \| grep [^\n]*task-/#) == nil)
    #expect(page.confirm.contains("redis-cli") || page.confirm.contains("celery "))
  }

  @Test("a rule's thresholds are named in kebab case, once, and explained", arguments: ids)
  func thresholds(_ id: String) throws {
    let thresholds = try rule(id).thresholds
    #expect(Set(thresholds.map(\.name)).count == thresholds.count)
    for threshold in thresholds {
      #expect(threshold.name.wholeMatch(of: #/[a-z0-9]+(-[a-z0-9]+)*/#) != nil)
      #expect(threshold.help.count >= 10, "\(threshold)")
      #expect(threshold.value(of: threshold.text(of: threshold.defaultValue)) != nil)
    }
  }

  @Test("a rule's tests have it fire, stay quiet and not know", arguments: ids)
  func threeKinds(_ id: String) throws {
    let name = id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    let file = try #require(
      SourceTree.tests.first { $0.stem == "\(name)Tests" }, "no \(name)Tests.swift")
    #expect(file.code.contains("@Test"))
    let kinds = [
      "fire": ["told(", "findings"], "stay quiet": [".healthy"],
      "not know": [".unknown", ".reason"],
    ]
    for (kind, signs) in kinds {
      #expect(signs.contains { file.code.contains($0) }, "\(file.path): never does it \(kind)")
    }
  }

  @Test("the demo shows every rule, in a scenario of its name", arguments: ids)
  func scenario(_ id: String) throws {
    let name = id.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    let file = try #require(
      SourceTree.sources.first { $0.path.hasSuffix("/Scenarios/\(name).swift") },
      "no scenario \(id)")
    let constant = name.prefix(1).lowercased() + name.dropFirst()
    #expect(file.code.contains("static let \(constant) = Scenario("))
    let registry = try #require(SourceTree.sources.first { $0.stem == "ScenarioRegistry" })
    #expect(registry.code.contains(".\(constant),"))
  }

  private func rule(_ id: String) throws -> any Rule.Type {
    guard let rule = RuleRegistry.rule(RuleID(rawValue: id)) else {
      throw SupportError("no rule \(id)")
    }
    return rule
  }
}
