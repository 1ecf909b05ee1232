package import TaskmonModel
package import TaskmonUnits

/// How long Redis lets a worker hold a message before it is handed out again.
package struct VisibilityTimeout: Sendable, Equatable {
  package private(set) var seconds: Seconds
  /// Nobody told: it is what kombu uses unless told otherwise.
  package let isAssumed: Bool
  /// Who might have a shorter one, and was not heard; nil where all were.
  package let gap: String?

  package init(_ history: SnapshotHistory, _ snapshot: Snapshot) {
    self.init(WorkerWatch(history, snapshot))
  }

  /// The smallest of all workers that are there: any of them hands out the messages of any queue.
  ///
  /// What was told by hand stands for the workers that told nothing; where nobody told, it is what
  /// kombu uses.
  init(_ watch: WorkerWatch) {
    let standard = WorkerSettings.Standard.visibilityTimeout
    let snapshot = watch.snapshot
    var silent: SeenWorker?
    var told: [Seconds] = []
    for worker in watch.workers {
      switch worker.liveness {
      case .alive, .busy, .doubtful, .mute, nil: break
      case .stopped, .lost: continue
      }
      if case .value(let settings) = worker.settings {
        told.append(settings.visibilityTimeout ?? standard)
      } else {
        silent = silent ?? worker
      }
    }
    if silent != nil || told.isEmpty, let given = snapshot.broker.visibilityTimeout {
      told.append(given)
    }
    seconds = told.min() ?? standard
    isAssumed = told.isEmpty
    if snapshot.broker.visibilityTimeout != nil {
      gap = nil
    } else if let silent {
      gap = "the visibility timeout of \(silent.id.name): \(silent.settings.reason ?? "not heard")"
    } else {
      gap = told.isEmpty ? "no worker told its visibility timeout" : nil
    }
  }

  /// The same with another assumption, where it is one.
  func assuming(_ other: Seconds) -> VisibilityTimeout {
    var timeout = self
    if isAssumed { timeout.seconds = other }
    return timeout
  }
}
