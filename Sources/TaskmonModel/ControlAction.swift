package import TaskmonUnits

/// What an operator wants done to a task, to workers or to a queue.
package enum ControlAction: Sendable, Equatable {
  /// Never to be run, wherever it is: all workers are told, and these node names are expected to
  /// answer.
  ///
  /// Where it `terminates`, the process that runs it is ended.
  case revoke(id: String, terminates: Bool, workers: [String])
  /// To finish what they run and end; processes of one node name.
  case shutDown([WorkerID])
  /// To lose every message that waits in it.
  case purge(queue: String)
  /// Of a task: `10/s`, `100/m`, `2/h`, `0` for none.
  case rateLimit(task: String, rate: String, workers: [String])
  /// Of a task; nil for none.
  case timeLimit(task: String, soft: Seconds?, hard: Seconds?, workers: [String])
  case growPool(by: Int, workers: [String])
  case shrinkPool(by: Int, workers: [String])
  case addConsumer(queue: String, workers: [String])
  case cancelConsumer(queue: String, workers: [String])

  /// The node names that are told and expected to answer.
  package var workers: [String] {
    switch self {
    case .purge: []
    case .shutDown(let ids): Array(Set(ids.map(\.name))).sorted()
    case .revoke(_, _, let workers), .rateLimit(_, _, let workers),
      .timeLimit(_, _, _, let workers), .growPool(_, let workers), .shrinkPool(_, let workers),
      .addConsumer(_, let workers), .cancelConsumer(_, let workers):
      workers
    }
  }
}

/// What became of it.
package enum ControlOutcome: Sendable, Equatable {
  /// Nobody was told and nothing was changed, and why.
  case notSent(String)
  /// Redis or the way to it failed when it was under way: it may have been done.
  case unclear(String)
  case answered(ControlAnswers)
  /// There is no answer to it; whether all that were told have said goodbye by now.
  case toldToEnd(saidGoodbye: Bool)
  case purged(queue: String, messages: Int)
}

/// What the workers said, sorted by node name.
package struct ControlAnswers: Sendable, Equatable {
  /// One worker's answer, in its own words.
  package struct Answer: Sendable, Hashable {
    package var worker: String
    package var text: String

    package init(worker: String, text: String) {
      self.worker = worker
      self.text = text
    }
  }

  package var agreed: [Answer]
  package var refused: [Answer]
  /// Node names that have not answered in time: they may or may not have done it.
  package var silent: [String]

  package init(agreed: [Answer] = [], refused: [Answer] = [], silent: [String] = []) {
    self.agreed = agreed
    self.refused = refused
    self.silent = silent
  }
}
