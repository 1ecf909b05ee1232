import Foundation
import Synchronization

/// A part of the README that is made from the code, between two comments that name it.
package enum ReadmeSection {
  private static let path = Fixture.folder + "/../../README.md"
  /// Tests run side by side, and each that writes replaces the whole file.
  private static let writing = Mutex(())

  /// What stands there now; with `TASKMON_UPDATE_GOLDEN=1` what was handed in is written first.
  package static func text(_ name: String, current: String) throws -> String {
    try writing.withLock { _ in
      var readme = try String(contentsOfFile: path, encoding: .utf8)
      guard let start = readme.range(of: "<!-- \(name): written by `make golden` -->\n"),
        let end = readme.range(of: "<!-- end of \(name) -->"), start.upperBound <= end.lowerBound
      else { throw SupportError("README.md has no section \(name)") }
      let section = start.upperBound..<end.lowerBound
      guard ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" else {
        return String(readme[section])
      }
      readme.replaceSubrange(section, with: current)
      try readme.write(toFile: path, atomically: true, encoding: .utf8)
      return current
    }
  }
}
