import CeleryProtocol
import Foundation
import RedisClient
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// From bytes to the ledger, on what real Celery published.
struct EventFloodTests {
  private struct Published: Decodable {
    let channel: String
    let data: String
  }

  static let files = [
    "events.jsonl", "events_celery44_celery52.jsonl", "events_gevent_unbatched.jsonl",
    "events_global_keyprefix_result_extended.jsonl", "events_rejected_workerlost.jsonl",
    "events_visibility_duplicates.jsonl",
  ]

  private static func payloads(_ file: String) throws -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/celery")
    return try Data(contentsOf: folder.appendingPathComponent(file))
      .split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(Published.self, from: Data($0)) }
      .filter { $0.channel.contains("celeryev") }
      .map { Array($0.data.utf8) }
  }

  @Test("counts by task, outcome and failure are what the decoder counts", arguments: files)
  func counts(_ file: String) throws {
    let flood = EventFlood()
    var decoder = EventDecoder()
    var kinds: [TaskOutcome: UInt64] = [:]
    var failures: [String: UInt64] = [:]
    var names: [String: UInt64] = [:]
    for payload in try Self.payloads(file) {
      flood.hear(payload)
      _ = try decoder.decode(payload) { event in
        guard let outcome = event.kind.outcome else { return }
        kinds[outcome, default: 0] += 1
        if case .taskFailed(let failure) = event.kind {
          failures[failure.className ?? "?", default: 0] += 1
        }
        if case .taskReceived(let task) = event.kind { names[task.name ?? "?", default: 0] += 1 }
      }
    }
    let all = flood.with { $0.ledger.allSeries() }
    for outcome in TaskOutcome.allCases {
      #expect(all.reduce(0) { $0 + $1.series[outcome] } == kinds[outcome] ?? 0, "\(outcome)")
    }
    let counted = all.flatMap { $0.failures.map { ($0.key ?? "?", $0.value) } }
    #expect(Dictionary(counted, uniquingKeysWith: +) == failures)
    let received = all.filter { $0.series[.received] > 0 }
      .map { ($0.task ?? "?", $0.series[.received]) }
    #expect(Dictionary(received, uniquingKeysWith: +) == names)
    #expect(flood.tally.undecodable == 0)
  }

  @Test("tasks that outran their visibility timeout and ran again are found")
  func duplicates() throws {
    let flood = EventFlood()
    for payload in try Self.payloads("events_visibility_duplicates.jsonl") { flood.hear(payload) }
    let found = flood.with { $0.ledger.duplicates.map { $0.task ?? "?" } }
    // Started three, two and five times.
    #expect(
      found.sorted() == [
        "labapp.add", "labapp.add", "labapp.add", "labapp.add", "labapp.sleepy",
        "labapp.sleepy_late", "labapp.sleepy_late",
      ])
    let single = EventFlood()
    for payload in try Self.payloads("events.jsonl") { single.hear(payload) }
    #expect(single.with { $0.ledger.duplicates } == [])
  }

  @Test("messages are taken where they lie, and what is no event is counted")
  func places() {
    let flood = EventFlood(trackedTasks: 10)
    let event = JSONWriter.bytes(
      of: ["body": #"{"type":"task-started","uuid":"u","hostname":"w"}"#])
    let bytes = Array("junk".utf8) + event + event + Array("{}".utf8)
    let size = event.count
    let places = [4..<(4 + size), (4 + size)..<(4 + 2 * size), (4 + 2 * size)..<bytes.count]
    flood.take(
      bytes.span, places.map { MessagePlace(channel: 0..<4, payload: $0) },
      Timestamp(secondsSince1970: 1))
    #expect(
      flood.tally
        == EventFlood.Tally(
          messages: 3, events: 2, undecodable: 1, trackedTasks: 1, runningTasks: 1))
  }
}

extension EventFlood {
  fileprivate func hear(_ payload: [UInt8]) {
    take(
      payload.span, [MessagePlace(channel: 0..<0, payload: 0..<payload.count)],
      Timestamp(secondsSince1970: 1_795_335_000))
  }
}

extension CeleryEvent.Kind {
  fileprivate var outcome: TaskOutcome? {
    switch self {
    case .taskSent: .sent
    case .taskReceived: .received
    case .taskStarted: .started
    case .taskSucceeded: .succeeded
    case .taskFailed: .failed
    case .taskRetried: .retried
    case .taskRejected: .rejected
    case .taskRevoked: .revoked
    case .workerOnline, .workerHeartbeat, .workerOffline, .other: nil
    }
  }
}
