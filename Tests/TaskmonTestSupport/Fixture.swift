import Foundation

/// What was recorded from real systems: files under `Tests/Fixtures`.
package enum Fixture {
  /// The folder all of them lie in.
  package static let folder: String = {
    var url = URL(fileURLWithPath: #filePath)
    url.deleteLastPathComponent()
    url.deleteLastPathComponent()
    return url.appendingPathComponent("Fixtures").path
  }()

  /// The absolute path of `celery/events.jsonl` and the like.
  package static func path(_ name: String) -> String { "\(folder)/\(name)" }

  package static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The lines of a file as bytes, without empty ones.
  package static func lines(_ name: String) throws -> [[UInt8]] {
    try bytes(name).split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  /// Each line decoded as one JSON document.
  package static func jsonLines<Value: Decodable>(
    _ name: String, as type: Value.Type
  ) throws -> [Value] {
    try lines(name).map { try JSONDecoder().decode(type, from: Data($0)) }
  }
}
