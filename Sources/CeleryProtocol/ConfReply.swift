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
  package var resultExpires: Seconds?
  package var acksLate: Bool?
  package var alwaysEager: Bool?
  package var sendsTaskEvents: Bool?
  package var redirectsStdouts: Bool?
  /// By name, in capitals; numbers are not told apart.
  package var redirectLevel: String?
  package var prefetchMultiplier: Int?
  package var defaultQueue: String?
  package var timezone: String?

  /// What Celery shows instead of a value whose name sounds secret.
  private static let mask = "********"

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard answer.members != nil else { throw .wrongType("conf") }
    beatSchedule = answer["beat_schedule"]?.members.map { $0.compactMap(Self.entry) }
    brokerURL = Self.text(answer["broker_url"])
    resultBackend = Self.text(answer["result_backend"])
    let transport = answer["broker_transport_options"] ?? .null
    visibilityTimeout = Self.seconds(transport["visibility_timeout"])
    prioritySteps = transport["priority_steps"]?.array?.compactMap(\.int)
    separator = Self.text(transport["sep"])
    taskTimeLimit = Self.seconds(answer["task_time_limit"])
    taskSoftTimeLimit = Self.seconds(answer["task_soft_time_limit"])
    resultExpires = Self.seconds(answer["result_expires"])
    acksLate = answer["task_acks_late"]?.bool
    alwaysEager = answer["task_always_eager"]?.bool
    sendsTaskEvents = answer["worker_send_task_events"]?.bool
    redirectsStdouts = answer["worker_redirect_stdouts"]?.bool
    redirectLevel = Self.text(answer["worker_redirect_stdouts_level"])
      .flatMap { LogLevelName.of($0, anyCase: true) }
    prefetchMultiplier = answer["worker_prefetch_multiplier"]?.int
    defaultQueue = Self.text(answer["task_default_queue"])
    timezone = Self.text(answer["timezone"])
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
