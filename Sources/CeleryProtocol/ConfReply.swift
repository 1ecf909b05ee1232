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
  /// The result key prefix, from `result_backend_transport_options`.
  package var resultKeyPrefix: String?
  package var taskTimeLimit: Seconds?
  package var taskSoftTimeLimit: Seconds?
  package var resultExpires: Seconds?
  package var acksLate: Bool?
  package var alwaysEager: Bool?
  package var sendsTaskEvents: Bool?
  package var redirectsStdouts: Bool?
  package var prefetchMultiplier: Int?
  package var defaultQueue: String?
  package var timezone: String?

  package init(_ answer: JSONValue) throws(DecodeError) { throw .wrongType("conf") }
}
