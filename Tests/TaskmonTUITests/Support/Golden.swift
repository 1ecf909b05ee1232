import FoundationEssentials
import Testing

/// Compares text with a file of Tests/Fixtures, or writes the file with TASKMON_UPDATE_GOLDEN=1.
func expectGolden(
  _ lines: [String], _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/screens")
  let file = folder.appending(path: name + ".txt")
  let actual = lines.joined(separator: "\n") + "\n"
  if ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" {
    try Data(actual.utf8).write(to: file)
    return
  }
  let expected = try String(decoding: Data(contentsOf: file), as: UTF8.self)
  #expect(actual == expected, "\(name) looks different", sourceLocation: sourceLocation)
}
