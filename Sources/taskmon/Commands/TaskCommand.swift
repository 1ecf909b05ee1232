import ArgumentParser
import RedisClient
import TaskmonCollector
import TaskmonConfiguration
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits

/// `taskmon task`: where one task is.
struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Says where one task is: queue, worker, result, and when.",
    discussion: """
      Looks through the queues, what workers hold, the workers themselves and the results, a \
      bounded number of messages each; what was not looked at is said. Arguments, result and \
      traceback are shown. Times are UTC. Exit 0 when anything is known of the task, 1 otherwise.
      """)

  @Argument(help: ArgumentHelp("The task's id, of whatever form.", valueName: "id"))
  var id: String

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard !id.isEmpty, id.utf8.count <= 1024 else {
      throw ValidationError("an id has 1 to 1,024 bytes")
    }
  }

  func run() throws {
    let configuration = try connection.monitorConfiguration()
    let trace: TaskTrace
    do {
      let (found, signal) = try Blocking.run {
        try await TaskSearch(configuration, time: SystemClock.source).run(id)
      }
      if let signal { Terminal.die(by: signal) }
      trace = found
    } catch let error as RedisError {
      throw CommandFailure(error.description)
    }
    let page = TracePage(trace, moments: MomentFormat(style: .utc))
    guard trace.isFound else { throw CommandFailure(page.sentence) }
    Output.write(page.text)
  }
}
