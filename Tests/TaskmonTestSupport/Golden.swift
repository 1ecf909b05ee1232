import Foundation

/// A text kept under `Tests/Fixtures` that a test compares with what is made now.
package enum Golden {
  /// With `TASKMON_UPDATE_GOLDEN=1` the file is written first; the difference is for review.
  package static func text(_ name: String, current: String) throws -> String {
    if ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" {
      let file = URL(filePath: Fixture.path(name))
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(current.utf8).write(to: file)
    }
    return String(decoding: try Fixture.bytes(name), as: UTF8.self)
  }
}
