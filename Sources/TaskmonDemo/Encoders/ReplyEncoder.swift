package import CeleryProtocol
package import TaskmonUnits

/// Writes workers' answers to control requests.
package enum ReplyEncoder {
  /// An element of a reply list.
  package static func reply(
    _ answer: JSONValue, from node: String, ticket: String, clock: Int, exchange: String,
    routingKey: String, deliveryTag: String
  ) -> [UInt8] {
    EnvelopeWriter.envelope(
      body: .object([JSONMember(node, answer)]),
      headers: ["ticket": .string(ticket), "clock": .whole(clock)],
      properties: EnvelopeWriter.Properties(
        deliveryMode: 1, exchange: exchange, routingKey: routingKey, deliveryTag: deliveryTag))
  }

  /// The answer to `active_queues`: direct queues, each with an exchange of its own name.
  package static func activeQueues(_ names: [String]) -> JSONValue {
    .array(names.map(queue))
  }

  private static func queue(_ name: String) -> JSONValue {
    let exchange: JSONValue = [
      "name": .string(name), "type": "direct", "arguments": nil, "durable": true,
      "passive": false, "auto_delete": false, "delivery_mode": nil, "no_declare": false,
    ]
    return [
      "name": .string(name), "exchange": exchange, "routing_key": .string(name),
      "queue_arguments": nil, "binding_arguments": nil, "consumer_arguments": nil,
      "durable": true, "exclusive": false, "auto_delete": false, "no_ack": false, "alias": nil,
      "bindings": [], "no_declare": nil, "expires": nil, "message_ttl": nil, "max_length": nil,
      "max_length_bytes": nil, "max_priority": nil,
    ]
  }

  /// One task in `active`, `reserved` or `scheduled`.
  package struct Request: Sendable, Equatable {
    package var task: OutgoingTask
    package var hostname: String
    /// Nil while it only waits.
    package var startedAt: Timestamp?
    package var acknowledged: Bool
    package var workerPID: Int?

    package init(
      task: OutgoingTask, hostname: String, startedAt: Timestamp?, acknowledged: Bool,
      workerPID: Int?
    ) {
      self.task = task
      self.hostname = hostname
      self.startedAt = startedAt
      self.acknowledged = acknowledged
      self.workerPID = workerPID
    }
  }

  /// With `safe` the arguments come as their reprs and not whole.
  package static func request(_ request: Request, safe: Bool) -> JSONValue {
    let task = request.task
    return [
      "id": .string(task.id), "name": .string(task.task),
      "args": safe ? .string(task.argumentsRepr) : .array(task.arguments),
      "kwargs": safe ? .string(task.keywordArgumentsRepr) : .object(task.keywordArguments),
      "type": .string(task.task), "hostname": .string(request.hostname),
      "time_start": .epoch(request.startedAt), "acknowledged": .bool(request.acknowledged),
      "delivery_info": [
        "exchange": .string(task.exchange), "routing_key": .string(task.queue),
        "priority": .whole(task.priority), "redelivered": .bool(task.isRedelivered),
      ],
      "worker_pid": .whole(request.workerPID),
    ]
  }

  /// An element of `scheduled`; the priority in it is the timer's own.
  package static func scheduled(_ request: Request, safe: Bool) -> JSONValue {
    [
      "eta": .time(request.task.eta), "priority": 6,
      "request": ReplyEncoder.request(request, safe: safe),
    ]
  }

  /// How a worker is built and what it has done so far.
  package struct Stats: Sendable, Equatable {
    /// Executions by task name, in the order of the first one.
    package var totals: [JSONMember]
    package var pid: Int
    package var clock: Int
    package var uptime: Int
    package var pool: JSONValue
    package var broker: Broker
    package var prefetchCount: Int
    package var userTime: Double
    package var systemTime: Double

    package init(
      totals: [JSONMember], pid: Int, clock: Int, uptime: Int, pool: JSONValue, broker: Broker,
      prefetchCount: Int, userTime: Double, systemTime: Double
    ) {
      self.totals = totals
      self.pid = pid
      self.clock = clock
      self.uptime = uptime
      self.pool = pool
      self.broker = broker
      self.prefetchCount = prefetchCount
      self.userTime = userTime
      self.systemTime = systemTime
    }
  }

  /// Where a worker says its broker is; behind a unix socket the host name is the whole URL.
  package struct Broker: Sendable, Equatable {
    package var hostname: String
    package var virtualHost: String
    package var port: Int
    package var uriPrefix: String?

    package init(hostname: String, virtualHost: String, port: Int, uriPrefix: String?) {
      self.hostname = hostname
      self.virtualHost = virtualHost
      self.port = port
      self.uriPrefix = uriPrefix
    }
  }

  package static func preforkPool(processes: [Int], writes: Int) -> JSONValue {
    let share = processes.isEmpty ? 0 : writes / processes.count
    let each = Array(repeating: String(share), count: processes.count).joined(separator: ", ")
    let part = processes.isEmpty ? "0.00" : twoDigits(1 / Double(processes.count))
    let all = Array(repeating: part, count: processes.count).joined(separator: ", ")
    return [
      "implementation": "celery.concurrency.prefork:TaskPool",
      "max-concurrency": .whole(processes.count),
      "processes": .array(processes.map(JSONValue.whole)), "max-tasks-per-child": "N/A",
      "put-guarded-by-semaphore": false, "timeouts": [0, 0],
      "writes": [
        "total": .whole(share * processes.count), "avg": .string(part), "all": .string(all),
        "raw": .string(each), "strategy": "fair",
        "inqueues": ["total": .whole(processes.count), "active": 0],
      ],
    ]
  }

  package static func threadPool(slots: Int, threads: Int) -> JSONValue {
    [
      "implementation": "celery.concurrency.thread:TaskPool", "max-concurrency": .whole(slots),
      "threads": .whole(threads),
    ]
  }

  package static func stats(_ stats: Stats) -> JSONValue {
    let broker: JSONValue = [
      "hostname": .string(stats.broker.hostname), "userid": nil,
      "virtual_host": .string(stats.broker.virtualHost), "port": .whole(stats.broker.port),
      "insist": false, "ssl": false, "transport": "redis", "connect_timeout": 4,
      "transport_options": [:], "login_method": nil,
      "uri_prefix": .text(stats.broker.uriPrefix), "heartbeat": 120.0,
      "failover_strategy": "round-robin", "alternates": [], "credential_provider": nil,
    ]
    let usage: JSONValue = [
      "utime": .double(stats.userTime), "stime": .double(stats.systemTime), "maxrss": 60312,
      "ixrss": 0, "idrss": 0, "isrss": 0, "minflt": 35128, "majflt": 2, "nswap": 0,
      "inblock": 2256, "oublock": 72, "msgsnd": 0, "msgrcv": 0, "nsignals": 0, "nvcsw": 1244,
      "nivcsw": 869,
    ]
    return [
      "total": .object(stats.totals), "pid": .whole(stats.pid),
      "clock": .string(String(stats.clock)), "uptime": .whole(stats.uptime), "pool": stats.pool,
      "broker": broker, "prefetch_count": .whole(stats.prefetchCount), "rusage": usage,
    ]
  }

  private static func twoDigits(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
