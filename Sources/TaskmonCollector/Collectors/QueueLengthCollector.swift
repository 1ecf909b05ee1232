import CeleryProtocol
import RedisClient
import TaskmonModel

/// Reads how many messages are ready in each priority step of each known queue.
enum QueueLengthCollector {
  static let name = CollectorStatus.queueLengths

  struct Lengths: Sendable, Equatable {
    /// In the order asked; a queue that could not be counted is not among them.
    var queues: [Counted]
    /// One sentence per queue that could not be counted.
    var problems: [String]
  }

  struct Counted: Sendable, Equatable {
    var queue: QueueName
    var priorities: [PriorityLength]

    /// The list whose tail is taken next: the most urgent step that holds a message.
    var mostUrgent: Int? { priorities.first { $0.ready > 0 }?.step }
  }

  static func reading(_ queues: [QueueName], layout: KeyLayout) -> Reading<Lengths> {
    let steps = layout.prioritySteps
    let commands = queues.flatMap { queue in
      steps.map { ReadCommand.listLength(layout.messages(of: queue, step: $0)) }
    }
    return Reading(commands: commands) { (replies) throws(CollectionError) in
      var lengths = Lengths(queues: [], problems: [])
      for (index, queue) in queues.enumerated() {
        do throws(CollectionError) {
          var priorities: [PriorityLength] = []
          for (offset, step) in steps.enumerated() {
            let count = try replies.reply(index * steps.count + offset)
              .integer(on: "queue \(queue.text)")
            priorities.append(PriorityLength(step: step, ready: count))
          }
          lengths.queues.append(Counted(queue: queue, priorities: priorities))
        } catch {
          lengths.problems.append(error.description)
        }
      }
      return lengths
    }
  }
}
