import Foundation
import TaskmonHealth
import TaskmonTestSupport
import Testing

/// What the README says of the code is what the code says.
@Suite("The README")
struct ReadmeTests {
  private static let path = SourceTree.root + "/README.md"
  private static let start = "<!-- rules: written by `make golden` -->\n"
  private static let end = "<!-- end of rules -->"

  /// With `TASKMON_UPDATE_GOLDEN=1` the table is written first.
  @Test("lists every rule as the catalogue has it")
  func rules() throws {
    var text = try String(contentsOfFile: Self.path, encoding: .utf8)
    let start = try #require(text.range(of: Self.start))
    let end = try #require(text.range(of: Self.end))
    if ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" {
      text.replaceSubrange(start.upperBound..<end.lowerBound, with: RuleCatalogue.markdown())
      try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[start.upperBound..<end.lowerBound] == RuleCatalogue.markdown())
  }
}
