import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What real Celery published, event for event.
@Suite struct CaptureCountsTests {
  /// What a capture holds, counted by another program.
  struct Totals: Sendable, CustomTestStringConvertible {
    var file: String
    var counts: TaskCounts
    /// Receipts by task.
    var received: [String: Int]
    var failures: [String: Int] = [:]
    var retries: [String: Int] = [:]
    var running: [String] = []
    var duplicates: [String] = []
    var testDescription: String { file }
  }

  static let all = [
    Totals(
      file: "events.jsonl",
      counts: TaskCounts(
        sent: 192, received: 211, started: 209, succeeded: 152, failed: 39, retried: 18,
        revoked: 3, expired: 1, workerLost: 1),
      received: [
        "labapp.add": 129, "labapp.async_closed_loop": 5, "labapp.async_coro": 1,
        "labapp.async_def": 1, "labapp.async_nested": 1, "labapp.async_run_ok": 1,
        "labapp.auto_retry": 9, "labapp.custom_state": 4, "labapp.ext_noretry": 3,
        "labapp.ext_requests": 3, "labapp.fail": 12, "labapp.fail_custom": 4, "labapp.group_sum": 1,
        "labapp.hard": 1, "labapp.ignore_it": 1, "labapp.lost": 1, "labapp.printer": 2,
        "labapp.reject_it": 1, "labapp.retryme": 18, "labapp.sleepy": 1, "labapp.soft": 1,
        "labapp.tiny": 6, "labapp.tracked": 4, "labapp.unser": 1,
      ],
      failures: [
        "ConnectionError": 6, "EncodeError": 3, "KeyError": 2, "MyErr": 4, "NotRegistered": 1,
        "Reject": 1, "RuntimeError": 3, "SoftTimeLimitExceeded": 1, "TimeLimitExceeded": 2,
        "URLError": 3, "ValueError": 12, "WorkerLostError": 1,
      ],
      retries: ["ConnectionError": 6, "KeyError": 12], running: ["labapp.ignore_it"]),
    Totals(
      file: "events_celery44_celery52.jsonl",
      counts: TaskCounts(received: 5, started: 4, succeeded: 3, failed: 2),
      received: ["oldapp.add": 4, "oldapp.fail": 1],
      failures: ["NotRegistered": 1, "ValueError": 1]),
    Totals(
      file: "events_gevent_unbatched.jsonl",
      counts: TaskCounts(received: 4, started: 4, succeeded: 3, failed: 1),
      received: ["labapp.add": 3, "labapp.fail": 1], failures: ["ValueError": 1]),
    Totals(
      file: "events_global_keyprefix_result_extended.jsonl",
      counts: TaskCounts(
        sent: 14, received: 14, started: 13, succeeded: 11, failed: 1, retried: 1),
      received: [
        "labapp.add": 4, "labapp.decorated": 1, "labapp.fail": 1, "labapp.group_sum": 1,
        "labapp.retryme": 2, "labapp.sleepy_late": 3, "labapp.tiny": 1, "labapp.tracked": 1,
      ],
      failures: ["ValueError": 1], retries: ["KeyError": 1]),
    Totals(
      file: "events_rejected_workerlost.jsonl",
      counts: TaskCounts(
        received: 11, started: 11, succeeded: 9, failed: 2, rejected: 2, workerLost: 1,
        duplicates: 1, redelivered: 1),
      received: [
        "labapp.add": 7, "labapp.reject_it": 1, "labapp.sleepy_late": 1,
        "labapp.sleepy_late_rwl": 2,
      ],
      failures: ["Reject": 1, "WorkerLostError": 1],
      // Its child was killed, and it was handed out again.
      duplicates: ["labapp.sleepy_late_rwl"]),
    Totals(
      file: "events_visibility_duplicates.jsonl",
      counts: TaskCounts(received: 10, started: 10, succeeded: 10, duplicates: 7, redelivered: 7),
      received: ["labapp.add": 5, "labapp.sleepy": 2, "labapp.sleepy_late": 3],
      // Started three, two and five times.
      duplicates: [
        "labapp.add", "labapp.add", "labapp.add", "labapp.add", "labapp.sleepy",
        "labapp.sleepy_late", "labapp.sleepy_late",
      ]),
  ]

  @Test(arguments: all)
  func `every capture counts to the last event`(_ expected: Totals) throws {
    let ledger = try Capture.ledger(of: expected.file)
    let end = try #require(try Capture.published(expected.file).last).t
    let now = Timestamp(secondsSince1970: end)
    let found = ledger.statistics(at: now, since: now, heard: [])
    for counts in [
      found.tasks.reduce(.zero) { $0 + $1.total.counts },
      found.nodes.reduce(.zero) { $0 + $1.total }, found.series.reduce(.zero) { $0 + $1.counts },
    ] { #expect(counts == expected.counts) }
    let received = found.tasks.map { ($0.name, $0.total.counts.received) }.filter { $0.1 > 0 }
    #expect(Dictionary(received, uniquingKeysWith: +) == expected.received)
    let classes = found.tasks.reduce(TaskTally()) { $0 + $1.total }
    #expect(classes.failures == expected.failures && classes.retries == expected.retries)
    let failed = found.series.flatMap { Array($0.failures) }
    #expect(Dictionary(failed.map { ($0.key, $0.value) }, uniquingKeysWith: +) == expected.failures)
    #expect(ledger.running.compactMap { ledger.task($0)?.task } == expected.running)
    #expect(found.duplicates.compactMap(\.task).sorted() == expected.duplicates)
    #expect(found.other == nil && found.droppedSeries == 0)
  }
}
