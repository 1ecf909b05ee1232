package import CeleryProtocol
package import TaskmonUnits

/// Writes events as Celery 5.7 does: the fields in its order, the envelope as kombu publishes it.
package enum EventEncoder {
  /// Who speaks: a worker by its node name, a publisher by `gen<pid>@<host>`.
  package struct Sender: Sendable, Equatable {
    package var hostname: String
    package var pid: Int

    package init(hostname: String, pid: Int) {
      self.hostname = hostname
      self.pid = pid
    }
  }

  /// What a heartbeat says.
  package struct Pulse: Sendable, Equatable {
    package var active: Int
    package var processed: Int
    package var loadAverage: [Double]

    package init(active: Int, processed: Int, loadAverage: [Double]) {
      self.active = active
      self.processed = processed
      self.loadAverage = loadAverage
    }
  }

  /// How an attempt at a task ended, or that it was taken up.
  package enum Step: Sendable, Equatable {
    case started
    /// `result` is the repr of what the task returned, `runtime` in seconds.
    case succeeded(result: String, runtime: Double)
    /// Without a traceback where no code of the task was reached.
    case failed(exception: String, traceback: String?)
    case retried(exception: String, traceback: String)
    /// Thrown away unrun, because its time was over.
    case expired
  }

  package static func online(
    _ sender: Sender, clock: Int, pulse: Pulse, at moment: Timestamp
  ) -> JSONValue {
    event("worker-online", sender, clock: clock, fields(of: pulse), at: moment)
  }

  package static func heartbeat(
    _ sender: Sender, clock: Int, pulse: Pulse, at moment: Timestamp
  ) -> JSONValue {
    event("worker-heartbeat", sender, clock: clock, fields(of: pulse), at: moment)
  }

  package static func sent(
    _ sender: Sender, clock: Int, task: OutgoingTask, at moment: Timestamp
  ) -> JSONValue {
    let fields = [
      JSONMember("uuid", .string(task.id)),
      JSONMember("root_id", .string(task.rootID)),
      JSONMember("parent_id", .text(task.parentID)),
      JSONMember("name", .string(task.task)),
      JSONMember("args", .string(task.argumentsRepr)),
      JSONMember("kwargs", .string(task.keywordArgumentsRepr)),
      JSONMember("retries", .whole(task.retries)),
      JSONMember("eta", .time(task.eta)),
      JSONMember("expires", .time(task.expires)),
      JSONMember("queue", .string(task.queue)),
      JSONMember("exchange", .string(task.exchange)),
      JSONMember("routing_key", .string(task.queue)),
    ]
    return event("task-sent", sender, clock: clock, fields, at: moment)
  }

  package static func received(
    _ sender: Sender, clock: Int, task: OutgoingTask, at moment: Timestamp
  ) -> JSONValue {
    let fields = [
      JSONMember("uuid", .string(task.id)),
      JSONMember("name", .string(task.task)),
      JSONMember("args", .string(task.argumentsRepr)),
      JSONMember("kwargs", .string(task.keywordArgumentsRepr)),
      JSONMember("root_id", .string(task.rootID)),
      JSONMember("parent_id", .text(task.parentID)),
      JSONMember("retries", .whole(task.retries)),
      JSONMember("eta", .time(task.eta)),
      JSONMember("expires", .time(task.expires)),
    ]
    return event("task-received", sender, clock: clock, fields, at: moment)
  }

  package static func step(
    _ step: Step, of id: String, _ sender: Sender, clock: Int, at moment: Timestamp
  ) -> JSONValue {
    let subject = JSONMember("uuid", .string(id))
    return switch step {
    case .started: event("task-started", sender, clock: clock, [subject], at: moment)
    case .succeeded(let result, let runtime):
      event(
        "task-succeeded", sender, clock: clock,
        [subject, JSONMember("result", .string(result)), JSONMember("runtime", .double(runtime))],
        at: moment)
    case .failed(let exception, let traceback):
      event(
        "task-failed", sender, clock: clock, [subject] + fault(exception, traceback), at: moment)
    case .retried(let exception, let traceback):
      event(
        "task-retried", sender, clock: clock, [subject] + fault(exception, traceback), at: moment)
    case .expired:
      event(
        "task-revoked", sender, clock: clock,
        [
          subject, JSONMember("terminated", false), JSONMember("signum", nil),
          JSONMember("expired", true),
        ], at: moment)
    }
  }

  /// The published message: one event as an object, several of a batch as a list.
  package static func message(
    _ body: JSONValue, from hostname: String, routingKey: String, deliveryTag: String,
    layout: KeyLayout
  ) -> [UInt8] {
    EnvelopeWriter.envelope(
      body: body, headers: ["hostname": .string(hostname)],
      properties: EnvelopeWriter.Properties(
        deliveryMode: 1, exchange: layout.eventExchange, routingKey: routingKey,
        deliveryTag: deliveryTag))
  }

  private static func event(
    _ type: String, _ sender: Sender, clock: Int, _ fields: [JSONMember], at moment: Timestamp
  ) -> JSONValue {
    .object(
      [
        JSONMember("hostname", .string(sender.hostname)),
        JSONMember("utcoffset", .double(0)),
        JSONMember("pid", .whole(sender.pid)),
        JSONMember("clock", .whole(clock)),
      ] + fields + [
        JSONMember("timestamp", .epoch(moment)), JSONMember("type", .string(type)),
      ])
  }

  private static func fields(of pulse: Pulse) -> [JSONMember] {
    [
      JSONMember("freq", .double(2)),
      JSONMember("active", .whole(pulse.active)),
      JSONMember("processed", .whole(pulse.processed)),
      JSONMember("loadavg", .array(pulse.loadAverage.map(JSONValue.double))),
      JSONMember("sw_ident", "py-celery"),
      JSONMember("sw_ver", "5.7.0"),
      JSONMember("sw_sys", "Linux"),
    ]
  }

  private static func fault(_ exception: String, _ traceback: String?) -> [JSONMember] {
    [JSONMember("exception", .string(exception))]
      + (traceback.map { [JSONMember("traceback", .string($0))] } ?? [])
  }
}
