import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Short words for events.
struct Speaker {
  var name = "celery@w1"
  var pid: Int? = 100

  var id: WorkerID { WorkerID(name: name, pid: pid) }

  func event(_ kind: CeleryEvent.Kind, _ seconds: Double) -> CeleryEvent {
    CeleryEvent(hostname: name, pid: pid, timestamp: at(seconds), clock: nil, kind: kind)
  }

  func heartbeat(_ seconds: Double, processed: Int? = nil) -> CeleryEvent {
    event(.workerHeartbeat(WorkerState(frequency: Seconds(2), processed: processed)), seconds)
  }

  func offline(_ seconds: Double) -> CeleryEvent {
    event(.workerOffline(WorkerState()), seconds)
  }

  func received(
    _ id: String, _ seconds: Double, task: String = "a.b", arguments: String = "()",
    retries: Int = 0, eta: Double? = nil, parent: String? = nil
  ) -> CeleryEvent {
    event(
      .taskReceived(
        TaskAnnouncement(
          id: id, name: task, argumentsRepr: arguments, keywordArgumentsRepr: "{}",
          retries: retries, eta: eta.map(at), parentID: parent)),
      seconds)
  }

  func sent(
    _ id: String, _ seconds: Double, task: String = "a.b", queue: String? = nil,
    by publisher: String = "gen1@web", arguments: String = "()", retries: Int? = nil,
    exchange: String? = nil, parent: String? = nil
  ) -> CeleryEvent {
    CeleryEvent(
      hostname: publisher, pid: 1, timestamp: at(seconds),
      kind: .taskSent(
        TaskAnnouncement(
          id: id, name: task, argumentsRepr: arguments, keywordArgumentsRepr: "{}",
          retries: retries, queue: queue, exchange: exchange, parentID: parent)))
  }

  func started(_ id: String, _ seconds: Double) -> CeleryEvent {
    event(.taskStarted(id: id), seconds)
  }

  func succeeded(_ id: String, _ seconds: Double, runtime: Double? = nil) -> CeleryEvent {
    event(.taskSucceeded(id: id, runtime: runtime.map { Seconds($0) }), seconds)
  }

  func failed(
    _ id: String, _ seconds: Double, _ exception: String = "KeyError('x')",
    traceback: String? = nil
  ) -> CeleryEvent {
    event(
      .taskFailed(TaskFailure(id: id, exception: exception, traceback: traceback)), seconds)
  }

  func retried(_ id: String, _ seconds: Double, _ exception: String? = nil) -> CeleryEvent {
    event(.taskRetried(TaskFailure(id: id, exception: exception)), seconds)
  }

  func rejected(_ id: String, _ seconds: Double) -> CeleryEvent {
    event(.taskRejected(id: id, requeue: true), seconds)
  }

  func revoked(_ id: String, _ seconds: Double, expired: Bool = false) -> CeleryEvent {
    event(.taskRevoked(TaskRevocation(id: id, expired: expired)), seconds)
  }
}

extension CeleryEvent {
  /// What is published for it, one event a message.
  var payload: [UInt8] {
    let members: [(String, JSONValue?)] =
      kind.members + [
        ("hostname", .string(hostname)), ("pid", pid.map { .integer(Int64($0)) }),
        ("timestamp", timestamp.map { .double($0.secondsSince1970) }),
      ]
    let body = JSONValue.object(
      members.compactMap { name, value in value.map { JSONMember(name, $0) } })
    let text = String(decoding: JSONWriter.bytes(of: body), as: UTF8.self)
    return JSONWriter.bytes(of: ["body": .string(text)])
  }
}

extension CeleryEvent.Kind {
  fileprivate var members: [(String, JSONValue?)] {
    switch self {
    case .workerOnline(let state): [("type", "worker-online")] + state.members
    case .workerHeartbeat(let state): [("type", "worker-heartbeat")] + state.members
    case .workerOffline(let state): [("type", "worker-offline")] + state.members
    case .taskSent(let task): [("type", "task-sent")] + task.members
    case .taskReceived(let task): [("type", "task-received")] + task.members
    case .taskStarted(let id): [("type", "task-started"), ("uuid", .string(id))]
    case .taskSucceeded(let id, let runtime):
      [
        ("type", "task-succeeded"), ("uuid", .string(id)),
        ("runtime", runtime.map { .double($0.value) }),
      ]
    case .taskFailed(let failure): [("type", "task-failed")] + failure.members
    case .taskRetried(let failure): [("type", "task-retried")] + failure.members
    case .taskRejected(let id, let requeue):
      [("type", "task-rejected"), ("uuid", .string(id)), ("requeue", requeue.map { .bool($0) })]
    case .taskRevoked(let revocation):
      [
        ("type", "task-revoked"), ("uuid", .string(revocation.id)),
        ("expired", revocation.expired.map { .bool($0) }),
      ]
    case .other(let type): [("type", .string(type))]
    }
  }
}

extension WorkerState {
  fileprivate var members: [(String, JSONValue?)] {
    [
      ("freq", frequency.map { .double($0.value) }), ("active", active.map { .integer(Int64($0)) }),
      ("processed", processed.map { .integer(Int64($0)) }),
      ("loadavg", loadAverage.map { .array($0.map { .double($0) }) }),
      ("sw_ver", softwareVersion.map { .string($0) }),
    ]
  }
}

extension TaskAnnouncement {
  fileprivate var members: [(String, JSONValue?)] {
    [
      ("uuid", .string(id)), ("name", name.map { .string($0) }),
      ("args", argumentsRepr.map { .string($0) }),
      ("kwargs", keywordArgumentsRepr.map { .string($0) }),
      ("retries", retries.map { .integer(Int64($0)) }),
      ("eta", eta.map { .double($0.secondsSince1970) }), ("queue", queue.map { .string($0) }),
      ("parent_id", parentID.map { .string($0) }), ("exchange", exchange.map { .string($0) }),
    ]
  }
}

extension TaskFailure {
  fileprivate var members: [(String, JSONValue?)] {
    [
      ("uuid", .string(id)), ("exception", exception.map { .string($0) }),
      ("traceback", traceback.map { .string($0) }),
    ]
  }
}

extension EventLedger {
  init(_ first: CeleryEvent, _ more: CeleryEvent...) {
    self.init(budget: CollectionBudget())
    absorb([first] + more)
  }

  /// Each received when it was sent.
  mutating func absorb(_ events: [CeleryEvent]) {
    for event in events { absorb(event, receivedAt: event.timestamp ?? at(0)) }
  }

  mutating func absorb(_ event: CeleryEvent, receivedAt: Timestamp) {
    absorb(payload: event.payload, receivedAt: receivedAt)
  }

  /// As it is published.
  mutating func absorb(payload: [UInt8], receivedAt: Timestamp) {
    var scanner = EventScanner()
    do {
      _ = try scanner.scan(payload.span) { absorb($0, in: $1, receivedAt: receivedAt) }
    } catch {
      Issue.record(error)
    }
  }

  /// The excerpt soon after everything that tests let happen.
  var excerpt: EventExcerpt { excerpt(at: at(1_000_000)) }
}
