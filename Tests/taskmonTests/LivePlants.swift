import Foundation
import TaskmonTestSupport

/// What Celery leaves in Redis, put there by hand where no live worker is needed.
enum Plant {
  /// The keys that show a Celery, and a queue of `ready` recorded messages.
  static func queue(_ name: String, ready: Int, in redis: RedisServer) throws {
    let element = try recordedMessage()
    try redis.command(
      bytes: [
        "SADD", "_kombu.binding.\(name)", "\(name)\u{6}\u{16}\u{6}\u{16}\(name)",
      ].map { Array($0.utf8) })
    try redis.pipeline(
      (0..<ready).map { _ in [Array("LPUSH".utf8), Array(name.utf8), element] })
  }

  /// Results of the given sizes, each under an id of its own.
  static func results(bytes sizes: [Int], in redis: RedisServer) throws {
    for (number, size) in sizes.enumerated() {
      let id = "00000000-0000-4000-8000-\(String(100_000_000_000 + number))"
      try redis.pipeline([result(id, bytes: size)])
    }
  }

  /// Results of one size under ids that no other result has.
  static func results(count: Int, bytes size: Int, in redis: RedisServer) throws {
    try redis.pipeline(
      (0..<count).map { _ in result(UUID().uuidString.lowercased(), bytes: size) })
  }

  private static func result(_ id: String, bytes size: Int) -> [[UInt8]] {
    let head = "{\"status\": \"SUCCESS\", \"result\": \""
    let tail =
      "\", \"traceback\": null, \"children\": [], \"date_done\": "
      + "\"2026-01-02T03:04:05.678901+00:00\", \"task_id\": \"\(id)\"}"
    let padding = String(repeating: "x", count: max(0, size - head.count - tail.count))
    return ["SETEX", "celery-task-meta-\(id)", "3600", head + padding + tail].map {
      Array($0.utf8)
    }
  }

  /// Messages handed out and not acknowledged.
  static func unacknowledged(_ count: Int, in redis: RedisServer) throws {
    let message = String(decoding: try recordedMessage(), as: UTF8.self)
    let now = Date().timeIntervalSince1970
    let commands = (0..<count).flatMap { number in
      [
        ["ZADD", "unacked_index", "\(now)", "tag-\(number)"],
        ["HSET", "unacked", "tag-\(number)", "[\(message), \"\", \"celery\"]"],
      ].map { $0.map { Array($0.utf8) } }
    }
    try redis.pipeline(commands)
  }

  /// A message of the default queue as a real producer wrote it.
  private static func recordedMessage() throws -> [UInt8] {
    struct Recorded: Decodable { let raw: String }
    let all = try Fixture.jsonLines("celery/queue_elements.jsonl", as: Recorded.self)
    guard let plain = all.first else { throw SupportError("no recorded message") }
    return Array(plain.raw.utf8)
  }
}
