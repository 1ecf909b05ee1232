package import TaskmonUnits

/// The time limits in force for one run, each the first that was said: by its call, by its task,
/// by its worker's pool.
package struct TaskLimits: Sendable, Hashable, Codable {
  package var hard: Seconds?
  package var soft: Seconds?
  /// Whether the sources were heard: without them, absent limits are unknown and not none.
  package var isKnown: Bool
  /// Who says so; nil where there is none or that is not known.
  package var hardSource: PolicySource?
  package var softSource: PolicySource?

  package init(
    hard: Seconds? = nil, soft: Seconds? = nil, isKnown: Bool = false,
    hardSource: PolicySource? = nil, softSource: PolicySource? = nil
  ) {
    self.hard = hard
    self.soft = soft
    self.isKnown = isKnown
    self.hardSource = hardSource
    self.softSource = softSource
  }

  /// Of a run on a worker; `message` is the run's own, where it could be read.
  ///
  /// Without it a limit given with the call is not known, which only the call's author can mend.
  package init(of task: String?, on worker: WorkerFacts, message: MessageFacts? = nil) {
    let policy = worker.registered(task).map { TaskPolicy($0, on: worker) }
    func ruling(
      _ called: Seconds?, _ told: Observation<Ruling<Seconds?>>?
    ) -> Observation<Ruling<Seconds?>> {
      if let called, called > .zero { return .value(Ruling(called, .message)) }
      return told ?? .unavailable("its worker has not told its options")
    }
    let hard = ruling(message?.hardLimit, policy?.hardLimit)
    let soft = ruling(message?.softLimit, policy?.softLimit)
    self.init(
      hard: hard.value?.value, soft: soft.value?.value,
      isKnown: hard.value != nil && soft.value != nil,
      hardSource: hard.value.flatMap { $0.value == nil ? nil : $0.source },
      softSource: soft.value.flatMap { $0.value == nil ? nil : $0.source })
  }
}

extension WorkerFacts {
  /// A task as it has registered it; nil where it has not told, or does not know it.
  ///
  /// Celery's own tasks are in no answer: they have no limits but the pool's.
  package func registered(_ task: String?) -> RegisteredTask? {
    guard let task, case .value(let tasks) = registered else { return nil }
    return tasks.first { $0.name == task }
      ?? (RegisteredTask.isBuiltIn(task) ? RegisteredTask(name: task) : nil)
  }
}
