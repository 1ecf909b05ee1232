import Foundation
import TaskmonConfiguration
import TaskmonHealth
import TaskmonTestSupport
import Testing

/// What the README says of the code is what the code says.
@Suite("The README", .serialized)
struct ReadmeTests {
  private static let path = SourceTree.root + "/README.md"

  @Test("lists every rule as the catalogue has it")
  func rules() throws { try compare("rules", with: RuleCatalogue.markdown()) }

  @Test("lists every setting as the table has it")
  func settings() throws { try compare("settings", with: Settings.markdown) }

  /// With `TASKMON_UPDATE_GOLDEN=1` the table is written first.
  private func compare(_ name: String, with wanted: String) throws {
    var text = try String(contentsOfFile: Self.path, encoding: .utf8)
    let start = try #require(text.range(of: "<!-- \(name): written by `make golden` -->\n"))
    let end = try #require(text.range(of: "<!-- end of \(name) -->"))
    if ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" {
      text.replaceSubrange(start.upperBound..<end.lowerBound, with: wanted)
      try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[start.upperBound..<end.lowerBound] == wanted)
  }
}
