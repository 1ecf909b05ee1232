import Foundation
import TaskmonDashboards
import TaskmonTestSupport
import Testing

/// What is committed is what the code would write.
@Suite("The generated files")
struct GeneratedFilesTests {
  private static let root = Fixture.folder + "/../.."

  @Test("are current; `make dashboards` writes them", arguments: GeneratedFile.all().map(\.name))
  func current(_ name: String) throws {
    let wanted = GeneratedFile.all().first { $0.name == name }?.text
    let committed = try String(
      contentsOfFile: "\(Self.root)/dashboards/\(name)", encoding: .utf8)
    #expect(committed == wanted, "run `make dashboards`")
  }

  @Test("are all there is beside the runbook")
  func nothingElse() throws {
    let found = try FileManager.default.contentsOfDirectory(atPath: Self.root + "/dashboards")
    #expect(Set(found) == Set(GeneratedFile.all().map(\.name)))
  }

  @Test("include the README's tables of rules and metrics")
  func readme() throws {
    let readme = try String(contentsOfFile: Self.root + "/README.md", encoding: .utf8)
    #expect(try ReadmeTables.rewritten(readme) == readme, "run `make dashboards`")
  }

  @Test("replace what stood between the marks, and nothing else")
  func marks() throws {
    let readme = """
      before
      <!-- rules: written by `make dashboards` -->
      yesterday's table
      <!-- end of rules -->
      between
      <!-- metrics: written by `make dashboards` -->
      <!-- end of metrics -->
      after
      """
    let written = try ReadmeTables.rewritten(readme, rules: [])
    #expect(written.hasPrefix("before\n<!-- rules: written by `make dashboards` -->\n| rule |"))
    #expect(written.contains("|\n<!-- end of rules -->\nbetween\n"))
    #expect(written.hasSuffix(" |\n<!-- end of metrics -->\nafter"))
    #expect(!written.contains("yesterday"))
    #expect(throws: ReadmeTables.Failure.noSection("rules")) {
      try ReadmeTables.rewritten("a README without marks")
    }
  }

  @Test("link to the runbook where it has been moved to")
  func runbook() throws {
    let url = "https://wiki.example.org/celery"
    for file in GeneratedFile.all(runbook: url) where file.name != Runbook.name {
      #expect(file.text.contains(url), "\(file.name)")
      #expect(!file.text.contains("runbook.md#"), "\(file.name)")
    }
  }
}
