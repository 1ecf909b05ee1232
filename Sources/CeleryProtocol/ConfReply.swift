package import TaskmonUnits

/// A worker's configuration, as its process has it: command line switches are not in it.
///
/// Nil is everywhere: not in the reply, null, or masked because of its name.
package struct ConfReply: Sendable, Equatable {
  package struct ScheduleEntry: Sendable, Hashable {
    package var name: String
    package var task: String
    package var argumentsText: String
    package var keywordArgumentsText: String
    package var schedule: ScheduleValue

    package init(
      name: String, task: String, argumentsText: String = "", keywordArgumentsText: String = "",
      schedule: ScheduleValue
    ) {
      self.name = name
      self.task = task
      self.argumentsText = argumentsText
      self.keywordArgumentsText = keywordArgumentsText
      self.schedule = schedule
    }
  }

  package var beatSchedule: [ScheduleEntry]?
  package var brokerURL: String?
  package var resultBackend: String?
  /// From `broker_transport_options`.
  package var visibilityTimeout: Seconds?
  package var prioritySteps: [Int]?
  package var separator: String?
  package var taskTimeLimit: Seconds?
  package var taskSoftTimeLimit: Seconds?
  /// Zero where results never expire.
  package var resultExpires: Seconds?
  package var acksLate: Bool?
  package var alwaysEager: Bool?
  package var sendsTaskEvents: Bool?
  package var redirectsStdouts: Bool?
  package var rejectsOnWorkerLost: Bool?
  package var ignoresResult: Bool?
  package var rateLimit: String?
  /// By name, in capitals; numbers are not told apart.
  package var redirectLevel: String?
  package var prefetchMultiplier: Int?
  package var concurrency: Int?
  package var tasksPerChild: Int?
  package var memoryPerChild: ByteCount?
  package var serializer: String?
  package var defaultQueue: String?
  package var timezone: String?
  /// Whether `redbeat_key_prefix` is set: its value is masked.
  package var hasRedBeatPrefix: Bool

  /// What Celery shows instead of a value whose name sounds secret.
  private static let mask = "********"

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard let members = answer.members else { throw .wrongType("conf") }
    let conf = SettingNames(members)
    beatSchedule = conf["beat_schedule"]?.members.map { $0.compactMap(Self.entry) }
    brokerURL = Self.text(conf["broker_url"])
    resultBackend = Self.text(conf["result_backend"])
    let transport = conf["broker_transport_options"] ?? .null
    visibilityTimeout = Self.seconds(transport["visibility_timeout"])
    prioritySteps = transport["priority_steps"]?.array?.compactMap(\.int)
    separator = Self.text(transport["sep"])
    taskTimeLimit = Self.seconds(conf["task_time_limit"])
    taskSoftTimeLimit = Self.seconds(conf["task_soft_time_limit"])
    let expires = conf["result_expires"]
    resultExpires = expires?.isNull == true ? .zero : Self.seconds(expires)
    acksLate = conf["task_acks_late"]?.bool
    rejectsOnWorkerLost = conf["task_reject_on_worker_lost"]?.bool
    ignoresResult = conf["task_ignore_result"]?.bool
    rateLimit = conf["task_default_rate_limit"].flatMap(Self.rate)
    alwaysEager = conf["task_always_eager"]?.bool
    sendsTaskEvents = conf["worker_send_task_events"]?.bool
    redirectsStdouts = conf["worker_redirect_stdouts"]?.bool
    redirectLevel = Self.text(conf["worker_redirect_stdouts_level"])
      .flatMap { LogLevelName.of($0, anyCase: true) }
    prefetchMultiplier = conf["worker_prefetch_multiplier"]?.int
    concurrency = conf["worker_concurrency"]?.int
    tasksPerChild = conf["worker_max_tasks_per_child"]?.int
    memoryPerChild = conf["worker_max_memory_per_child"]?.int.flatMap(Self.kibibytes)
    serializer = Self.text(conf["task_serializer"])
    defaultQueue = Self.text(conf["task_default_queue"])
    timezone = Self.text(conf["timezone"])
    hasRedBeatPrefix = conf["redbeat_key_prefix"].map { !$0.isNull } ?? false
  }

  /// `100/m`, or a number for so many a second, as `registered` prints it.
  private static func rate(_ value: JSONValue) -> String? {
    value.isNull ? nil : value.string ?? PythonRepr.text(of: value)
  }

  private static func kibibytes(_ value: Int) -> ByteCount? {
    let (bytes, isTooMuch) = value.multipliedReportingOverflow(by: 1024)
    return isTooMuch || value <= 0 ? nil : ByteCount(bytes)
  }

  private static func text(_ value: JSONValue?) -> String? {
    value?.string.flatMap { $0 == mask ? nil : $0 }
  }

  /// A number, or a `timedelta` as Python prints it; infinity is no value.
  private static func seconds(_ value: JSONValue?) -> Seconds? {
    let found = value?.double ?? value?.string.flatMap(PythonDuration.seconds)
    return found.flatMap { $0.isFinite ? Seconds($0) : nil }
  }

  private static func entry(_ member: JSONMember) -> ScheduleEntry? {
    guard let task = member.value["task"]?.string, let schedule = member.value["schedule"] else {
      return nil
    }
    return ScheduleEntry(
      name: member.key, task: task,
      argumentsText: PythonRepr.argumentsText(of: member.value["args"] ?? .null),
      keywordArgumentsText: PythonRepr.keywordArgumentsText(of: member.value["kwargs"] ?? .null),
      schedule: ScheduleValue(configuration: schedule))
  }
}
