package import TaskmonModel
import TaskmonUnits

/// What became of an action, in one line.
package enum ControlSentence {
  /// Names of workers that are told apart in a line.
  static let namesShown = 3

  static func list(_ names: [String], atMost limit: Int = namesShown) -> String {
    guard names.count > limit else { return names.joined(separator: ", ") }
    let shown = names.prefix(limit).joined(separator: ", ")
    return "\(shown) and \((names.count - limit).grouped) more"
  }

  /// While it is under way.
  static func begun(_ action: ControlAction) -> String {
    let workers = action.workers
    let who = workers.count == 1 ? workers[0] : "\(workers.count.grouped) workers"
    switch action {
    case .purge(let queue): return "purging queue \(queue) …"
    case .shutDown: return "telling \(who) to shut down …"
    case .revoke, .rateLimit, .timeLimit, .growPool, .shrinkPool, .addConsumer, .cancelConsumer:
      return "telling \(who) …"
    }
  }

  static func purged(_ count: Int, _ queue: String) -> String {
    count == 0
      ? "queue \(queue) was empty: nothing was removed"
      : "\(ControlFacts.count(count, "message")) removed from queue \(queue)"
  }

  static func toldToEnd(_ workers: [String], saidGoodbye: Bool) -> String {
    let who = "\(list(workers)) was told to shut down"
    return saidGoodbye
      ? "\(who) and has said goodbye"
      : "\(who) and has not said goodbye yet: it finishes what it runs first, or did not hear it"
  }

  /// What a worker answers that does not have the task it is to terminate.
  static let hasItNot = "terminate: tasks unknown"

  static func answered(_ answers: ControlAnswers) -> String {
    let found = answers.agreed.filter { $0.text != hasItNot }
    // Most workers do not have the task; only where none has it is that worth a word.
    let shown = found.isEmpty ? answers.agreed : found
    let total = answers.agreed.count + answers.refused.count + answers.silent.count
    let answered = total - answers.silent.count
    var parts = grouped(shown, ": ") + grouped(answers.refused, " refused: ")
    var count = "\(answered.grouped) of \(ControlFacts.count(total, "worker")) answered"
    if !answers.silent.isEmpty { count += ", no answer from \(list(answers.silent))" }
    parts.append(count)
    return parts.joined(separator: " · ")
  }

  /// Workers that say the same are named together.
  private static func grouped(_ answers: [ControlAnswers.Answer], _ mark: String) -> [String] {
    var order: [String] = []
    var workers: [String: [String]] = [:]
    for answer in answers {
      if workers[answer.text] == nil { order.append(answer.text) }
      workers[answer.text, default: []].append(answer.worker)
    }
    return order.map { "\(list(workers[$0] ?? []))\(mark)\($0)" }
  }
}

extension ConsoleMessage {
  /// What became of an action: whoever refused or was not heard is named.
  package init(_ outcome: ControlOutcome, of action: ControlAction) {
    switch outcome {
    case .notSent(let reason): self.init("nothing was done: \(reason)", isRefusal: true)
    case .unclear(let reason):
      self.init("it is not known what was done: \(reason)", isRefusal: true)
    case .purged(let queue, let count): self.init(ControlSentence.purged(count, queue))
    case .toldToEnd(let saidGoodbye):
      self.init(
        ControlSentence.toldToEnd(action.workers, saidGoodbye: saidGoodbye),
        isRefusal: !saidGoodbye)
    case .answered(let answers):
      let nobodyHasIt = answers.agreed.allSatisfy { $0.text == ControlSentence.hasItNot }
      self.init(
        ControlSentence.answered(answers),
        isRefusal: nobodyHasIt || !answers.refused.isEmpty || !answers.silent.isEmpty)
    }
  }
}
