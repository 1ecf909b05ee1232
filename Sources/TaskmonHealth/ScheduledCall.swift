import TaskmonModel

/// What a schedule entry calls; messages carry no entry name, so that two entries which call the
/// same are told apart by nothing.
struct ScheduledCall: Hashable {
  let task: String
  let arguments: String
  let keywordArguments: String

  init(_ entry: ScheduleEntry) {
    task = entry.task
    arguments = entry.argumentsText
    keywordArguments = entry.keywordArgumentsText
  }
}
