import Foundation
import TaskmonTestSupport

/// One kind of events of one task on one host, as both a mix and a dump of its events tell.
struct TaskEventKind: Hashable {
  let host: String
  let type: String
  let task: String
}

/// What `mixed_truth.py` says must have been counted.
struct MixedTruth: Decodable {
  struct Row: Decodable {
    let name: String
    let queue: String
    let counts: [String: Int]
    let failures: [String: Int]
    /// In seconds, of those that succeeded.
    let runtime: Double
    /// Second deliveries of one attempt that were run.
    let again: Int
  }

  let version: String
  /// Of whoever publishes: a retry is published by a worker, under the name of its machine.
  let host: String
  let tasks: Int
  /// Queues whose workers lose events themselves; theirs are counted as they were heard.
  let muddled: [String]
  let unmet: [String]
  let unknown: [String]
  let rows: [Row]

  private static let outcomes = [
    "sent", "received", "started", "succeeded", "rejected", "revoked", "retried",
  ]

  /// Whether a sample is one that the truth has too.
  func judges(_ sample: Sample) -> Bool {
    let isWait = sample.name == "celery_task_queue_wait_time_count"
    if isWait, let queue = sample.labels["queue_name"] { return !muddled.contains(queue) }
    let others = [
      "celery_task_failed_total", "celery_task_runtime_count",
      "celery_task_queue_wait_time_count", "celery_task_duplicate_executions_total",
      "celery_queue_messages_redelivered_total",
    ]
    return (Self.outcomes.map { "celery_task_\($0)_total" } + others).contains(sample.name)
      && !(muddled.contains { isOfMuddledRuns(sample, queue: $0) })
  }

  /// Lost and doubled events make attempts that never were.
  private func isOfMuddledRuns(_ sample: Sample, queue: String) -> Bool {
    sample.name == "celery_task_duplicate_executions_total"
      || sample.name == "celery_queue_messages_redelivered_total"
        && sample.labels["queue_name"] == queue
  }

  var samples: Set<Sample> {
    Set(rows.flatMap(samples) + byName + byQueue).filter(judges)
  }

  /// A label set that was heard once has all counters.
  private func samples(_ row: Row) -> [Sample] {
    let (sender, worker) = (labels(row, host), labels(row, row.queue))
    let isHeard = row.counts.contains { $0.key != "sent" && $0.value > 0 }
    let counters = Self.outcomes.flatMap { outcome in
      let name = "celery_task_\(outcome)_total"
      let count = Double(row.counts[outcome] ?? 0)
      let sent = Sample(name: name, labels: sender, value: outcome == "sent" ? count : 0)
      let rest = Sample(name: name, labels: worker, value: outcome == "sent" ? 0 : count)
      return isHeard ? [sent, rest] : [sent]
    }
    let failures = row.failures.map { failure, count in
      Sample(
        name: "celery_task_failed_total", labels: worker.merging(["exception": failure]) { $1 },
        value: Double(count))
    }
    let runs = [
      ("celery_task_runtime_count", row.counts["succeeded"] ?? 0),
      // One wait for each attempt: a second delivery of it is not another one.
      ("celery_task_queue_wait_time_count", (row.counts["started"] ?? 0) - row.again),
    ].filter { $1 > 0 }.map { Sample(name: $0, labels: worker, value: Double($1)) }
    return counters + failures + runs
  }

  private func labels(_ row: Row, _ host: String) -> [String: String] {
    ["name": row.name, "hostname": host, "queue_name": row.queue]
  }

  private var byName: [Sample] {
    Dictionary(grouping: rows, by: \.name).map { name, rows in
      Sample(
        name: "celery_task_duplicate_executions_total", labels: ["name": name],
        value: Double(rows.reduce(0) { $0 + $1.again }))
    }
  }

  private var byQueue: [Sample] {
    Dictionary(grouping: rows, by: \.queue).map { queue, rows in
      Sample(
        name: "celery_queue_messages_redelivered_total", labels: ["queue_name": queue],
        value: Double(rows.reduce(0) { $0 + $1.again }))
    }
  }

  /// By labels: the seconds of all that succeeded.
  var runtimes: [[String: String]: Double] {
    Dictionary(
      uniqueKeysWithValues: rows.filter { ($0.counts["succeeded"] ?? 0) > 0 }.map {
        (labels($0, $0.queue), $0.runtime)
      })
  }

  var events: [TaskEventKind: Int] {
    var events: [TaskEventKind: Int] = [:]
    for row in rows {
      for (outcome, count) in row.counts where count > 0 {
        let place = outcome == "sent" ? host : row.queue
        events[
          TaskEventKind(host: place, type: "task \(outcome)", task: row.name), default: 0] += count
      }
    }
    return events
  }
}

/// What `celery events --dump` printed.
struct DumpedEvents {
  struct Event: Decodable {
    let moment: Double
    let host: String
    let type: String
    let task: String?

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      moment = try values.decode(Double.self)
      host = try values.decode(String.self)
      type = try values.decode(String.self)
      task = try values.decodeIfPresent(String.self)
    }
  }

  let events: [Event]

  /// Once the last of the workers has said that it leaves.
  init(of dump: FleetMember, workers: Int, _ fleet: CeleryFleet) async throws {
    events = try await eventuallyValue(within: 60, "all workers' farewells") {
      let log = dump.log
      guard log.split(separator: "] shutdown").count > workers else { return nil }
      let json = try await fleet.output(of: "read_dump.py", input: log)
      return try JSONDecoder().decode([Event].self, from: Data(json.utf8))
    }
  }

  var taskEvents: [TaskEventKind: Int] {
    let kinds = events.compactMap { event -> TaskEventKind? in
      // A task's own event, sent by itself, is none of those that are counted by name.
      guard event.type.hasPrefix("task "), event.type != "task progress" else { return nil }
      return TaskEventKind(host: event.host, type: event.type, task: event.task ?? "")
    }
    return kinds.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  func count(_ type: String, of task: String, until moment: Double) -> Int {
    events.count { $0.type == type && $0.task == task && $0.moment <= moment }
  }
}

/// What `taskmon show tasks` printed.
struct ShownTasks {
  private struct Document: Decodable {
    let takenAt: String
    let rows: [[String: JSON]]
  }

  private let rows: [[String: JSON]]
  private let takenAt: Double

  init(of taskmon: Taskmon, broker: String, observe: String) async throws {
    let run = try await taskmon.run(
      ["show", "tasks", "--format", "json", "--broker", broker, "--observe", observe],
      timeout: 240)
    guard run.end == .exit(0) else { throw SupportError("show: \(run.end)\n\(run.errorText)") }
    let document = try JSONDecoder().decode(Document.self, from: Data(run.output))
    let moment = try Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      .parse(document.takenAt)
    rows = document.rows
    takenAt = moment.timeIntervalSince1970
  }

  /// It ends when its time is over, whatever the tasks do: it must have what the dump had heard by
  /// then, but for what was on its way.
  func differences(from dump: DumpedEvents) -> [String] {
    let names = Set(dump.events.filter { $0.moment < takenAt - 5 }.compactMap(\.task))
    let unshown = names.subtracting(rows.compactMap { $0["task"]?.text })
    return unshown.map { "\($0) is not shown" }
      + rows.flatMap { row in
        [("failed", "task failed"), ("retried", "task retried")].compactMap { column, type in
          let name = row["task"]?.text ?? ""
          let shown = Int(row[column]?.number ?? -1)
          let least = dump.count(type, of: name, until: takenAt - 5)
          let most = dump.count(type, of: name, until: takenAt + 1)
          return least...most ~= shown ? nil : "\(name) \(column): \(shown), not \(least)...\(most)"
        }
      }
  }
}
