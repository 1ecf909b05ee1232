import CeleryProtocol
import Foundation
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A moment, counted from an arbitrary one.
func at(_ seconds: Double) -> Timestamp { Timestamp(secondsSince1970: 1_795_000_000 + seconds) }

let layout = KeyLayout(database: 0)

extension RedisReply {
  static func text(_ text: String) -> RedisReply { .bytes(Array(text.utf8)) }
  static let wrongType = failure(
    "WRONGTYPE Operation against a key holding the wrong kind of value")
  static func failure(_ message: String) -> RedisReply {
    .error(RedisServerError(message: message))
  }
}

extension Reading {
  /// What the replies say, as one poll would decode them.
  func result(_ replies: [RedisReply]) -> Result<Part, CollectionError> {
    var cursor = ReplyCursor(replies)
    return cursor.take(self)
  }

  func value(_ replies: [RedisReply]) throws -> Part { try result(replies).get() }
}

/// The real captures, read by Foundation.
enum Capture {
  struct Published: Decodable {
    let t: Double
    let channel: String
    let data: String
  }

  struct Element: Decodable {
    let label: String
    let key: String
    let raw: String
    var bytes: [UInt8] { Array(raw.utf8) }
  }

  static let eventFiles = [
    "events.jsonl", "events_celery44_celery52.jsonl", "events_gevent_unbatched.jsonl",
    "events_global_keyprefix_result_extended.jsonl", "events_rejected_workerlost.jsonl",
    "events_visibility_duplicates.jsonl",
  ]

  static func published(_ name: String) throws -> [Published] {
    try Fixture.jsonLines("celery/\(name)", as: Published.self)
      .filter { $0.channel.contains("celeryev") }
  }

  /// Every event of a capture with the moment it was received.
  static func events(_ name: String) throws -> [(event: CeleryEvent, receivedAt: Timestamp)] {
    var scanner = EventScanner()
    var found: [(CeleryEvent, Timestamp)] = []
    for published in try published(name) {
      let moment = Timestamp(secondsSince1970: published.t)
      _ = try scanner.scan(Array(published.data.utf8).span) {
        found.append(($0.event(in: $1), moment))
      }
    }
    return found
  }

  static func ledger(
    of name: String, budget: CollectionBudget = CollectionBudget()
  ) throws -> EventLedger {
    var ledger = EventLedger(budget: budget)
    for published in try published(name) {
      ledger.absorb(
        payload: Array(published.data.utf8),
        receivedAt: Timestamp(secondsSince1970: published.t))
    }
    return ledger
  }

  static func elements() throws -> [Element] {
    try Fixture.jsonLines("celery/queue_elements.jsonl", as: Element.self)
  }

  struct Reply {
    let method: String
    let ticket: String
    let arguments: [String: Any]
    let bytes: [UInt8]
  }

  /// The envelopes workers pushed into a reply list.
  static func replies() throws -> [Reply] {
    try Fixture.lines("celery/pidbox_replies.jsonl").map { line in
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      let raw = try #require(object["raw"] as? [String: Any])
      let headers = try #require(raw["headers"] as? [String: Any])
      return Reply(
        method: try #require(object["method"] as? String),
        ticket: try #require(headers["ticket"] as? String),
        arguments: object["arguments"] as? [String: Any] ?? [:],
        bytes: Array(try JSONSerialization.data(withJSONObject: raw)))
    }
  }
}

/// What a worker pushes: an envelope with its ticket, and its answer under its name.
func envelope(worker: String, ticket: String, answer: String) -> [UInt8] {
  let body = Data("{\"\(worker)\": \(answer)}".utf8).base64EncodedString()
  return Array(
    """
    {"body":"\(body)","content-encoding":"utf-8","content-type":"application/json",\
    "headers":{"ticket":"\(ticket)","clock":7},"properties":{"delivery_mode":1,\
    "delivery_info":{"exchange":"","routing_key":"x"},"priority":0,"body_encoding":"base64",\
    "delivery_tag":"t"}}
    """.utf8)
}

extension InspectionBook {
  /// Takes one answer to one question.
  mutating func learn(
    _ question: Question, from worker: String, _ answer: String, at moment: Timestamp
  ) {
    asked(question, ticket: "\(question)-\(worker)")
    _ = take(
      envelope(worker: worker, ticket: "\(question)-\(worker)", answer: answer), at: moment)
  }
}

/// Collects what a callback is given.
final class Collected<Element: Sendable>: Sendable {
  private let state = Mutex<[Element]>([])

  var all: [Element] { state.withLock { $0 } }
  func add(_ element: Element) { state.withLock { $0.append(element) } }
}

extension RedisServer {
  func url(database: Int = 0) throws -> RedisURL { try RedisURL(socketURL(database: database)) }

  func link(
    database: Int = 0, allows rights: CommandRights = [.read],
    cost: RedisCostCounter = RedisCostCounter()
  ) -> RedisLink {
    RedisLink(
      url: RedisURL(location: .plain(.unix(path: socketPath)), database: database),
      time: SystemTime.source, limits: .quick, allows: rights, cost: cost)
  }
}

extension RedisLimits {
  /// Impatient with what is away.
  static let quick = RedisLimits(
    connectTimeout: Seconds(10), batchDeadline: Seconds(10),
    backoff: .milliseconds(10) ... .milliseconds(50), subscriptionSilence: Seconds(0.2))
}
