import Foundation

/// The captures of real Celery, read by Foundation and not by the decoders under test.
enum Fixture {
  struct Published: Decodable {
    let t: Double
    let channel: String
    let data: String
    var payload: [UInt8] { Array(data.utf8) }
  }

  struct Element: Decodable {
    let label: String
    let key: String
    let raw: String
    var bytes: [UInt8] { Array(raw.utf8) }
  }

  struct Unacked: Decodable {
    let tag: String
    let score: Double
    let value: String
  }

  struct Result: Decodable {
    let key: String
    let value: String
    var bytes: [UInt8] { Array(value.utf8) }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/celery")

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  static func lines(_ name: String) throws -> [Data] {
    try data(name).split(separator: UInt8(ascii: "\n")).map { Data($0) }
  }

  static func rows<Row: Decodable>(_ name: String, as type: Row.Type = Row.self) throws -> [Row] {
    try lines(name).map { try JSONDecoder().decode(type, from: $0) }
  }

  static let eventFiles = [
    "events.jsonl", "events_celery44_celery52.jsonl", "events_gevent_unbatched.jsonl",
    "events_global_keyprefix_result_extended.jsonl", "events_rejected_workerlost.jsonl",
    "events_visibility_duplicates.jsonl",
  ]

  /// What was published on event channels.
  static func events(_ name: String) throws -> [Published] {
    try rows(name, as: Published.self).filter { $0.channel.contains("celeryev") }
  }
}
