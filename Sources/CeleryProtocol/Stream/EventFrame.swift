package import TaskmonUnits

/// One event as it stands in its body: numbers read, texts only located.
///
/// Says the same as `CeleryEvent` and allocates nothing. Good as long as the body it was handed
/// over with is.
package struct EventFrame: Sendable {
  /// Celery's own types; `other` for any else.
  package enum Kind: UInt8, Sendable {
    case workerOnline, workerHeartbeat, workerOffline
    case taskSent, taskReceived, taskStarted, taskSucceeded, taskFailed, taskRetried
    case taskRejected, taskRevoked, other
  }

  /// The load over one, five and fifteen minutes, or as many of them as there are.
  struct Loads: Sendable {
    var first = 0.0
    var second = 0.0
    var third = 0.0
    var count = 0

    mutating func append(_ load: Double) {
      switch count {
      case 0: first = load
      case 1: second = load
      default: third = load
      }
      count += 1
    }

    var list: [Double] { Array([first, second, third].prefix(count)) }
  }

  package internal(set) var kind = Kind.other
  package internal(set) var type = EventText.absent
  package internal(set) var hostname = EventText.absent
  package internal(set) var id = EventText.absent
  package internal(set) var name = EventText.absent
  package internal(set) var arguments = EventText.absent
  package internal(set) var keywordArguments = EventText.absent
  package internal(set) var queue = EventText.absent
  package internal(set) var exchange = EventText.absent
  package internal(set) var routingKey = EventText.absent
  package internal(set) var rootID = EventText.absent
  package internal(set) var parentID = EventText.absent
  package internal(set) var exception = EventText.absent
  package internal(set) var traceback = EventText.absent
  var softwareVersion = EventText.absent
  var signalName = EventText.absent
  var signalNumber: Int?
  package internal(set) var pid: Int?
  package internal(set) var clock: Int?
  package internal(set) var retries: Int?
  package internal(set) var timestamp: Timestamp?
  package internal(set) var runtime: Seconds?
  package internal(set) var eta: Timestamp?
  package internal(set) var expires: Timestamp?
  var frequency: Seconds?
  var active: Int?
  var processed: Int?
  var loads: Loads?
  package internal(set) var requeue: Bool?
  package internal(set) var terminated: Bool?
  package internal(set) var expired: Bool?
}

extension EventFrame {
  private static let reprLimit = 1024
  private static let tracebackLimit = 4096

  /// What a worker's event says of the worker.
  package func workerState(in body: Span<UInt8>) -> WorkerState {
    WorkerState(
      frequency: frequency, active: active, processed: processed, loadAverage: loads?.list,
      softwareVersion: softwareVersion.string(in: body, limit: 64))
  }

  /// What `task-sent` and `task-received` say of the task.
  package func announcement(in body: Span<UInt8>) -> TaskAnnouncement {
    TaskAnnouncement(
      id: id.string(in: body) ?? "", name: name.string(in: body),
      argumentsRepr: arguments.string(in: body, limit: Self.reprLimit),
      keywordArgumentsRepr: keywordArguments.string(in: body, limit: Self.reprLimit),
      retries: retries, eta: eta, expires: expires, queue: queue.string(in: body),
      exchange: exchange.string(in: body), routingKey: routingKey.string(in: body),
      rootID: rootID.string(in: body), parentID: parentID.string(in: body))
  }

  /// What `task-failed` and `task-retried` say of the attempt.
  package func failure(in body: Span<UInt8>) -> TaskFailure {
    TaskFailure(
      id: id.string(in: body) ?? "",
      exception: exception.string(in: body, limit: Self.reprLimit),
      traceback: traceback.tail(in: body, limit: Self.tracebackLimit))
  }

  /// The same event as a value of its own.
  package func event(in body: Span<UInt8>) -> CeleryEvent {
    CeleryEvent(
      hostname: hostname.string(in: body) ?? "", pid: pid, timestamp: timestamp, clock: clock,
      kind: eventKind(in: body))
  }

  private func eventKind(in body: Span<UInt8>) -> CeleryEvent.Kind {
    let task = id.string(in: body) ?? ""
    return switch kind {
    case .workerOnline: .workerOnline(workerState(in: body))
    case .workerHeartbeat: .workerHeartbeat(workerState(in: body))
    case .workerOffline: .workerOffline(workerState(in: body))
    case .taskSent: .taskSent(announcement(in: body))
    case .taskReceived: .taskReceived(announcement(in: body))
    case .taskStarted: .taskStarted(id: task)
    case .taskSucceeded: .taskSucceeded(id: task, runtime: runtime)
    case .taskFailed: .taskFailed(failure(in: body))
    case .taskRetried: .taskRetried(failure(in: body))
    case .taskRejected: .taskRejected(id: task, requeue: requeue)
    case .taskRevoked:
      .taskRevoked(
        TaskRevocation(
          id: task, terminated: terminated, expired: expired,
          signal: signalName.string(in: body, limit: 64) ?? signalNumber.map(String.init)))
    case .other: .other(type.string(in: body) ?? "")
    }
  }
}
