import TaskmonModel
import TaskmonUnits

/// What is running now.
package enum TaskFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let running = input.facts?.running.value ?? []
    let byName = Dictionary(grouping: running, by: { $0.task ?? TaskFacts.unnamed })
      .sorted { $0.key < $1.key }
    let now = input.facts?.takenAt
    return [
      .gauge(
        "celery_task_running", "Tasks running now, as far as events and workers' answers tell.",
        byName.map { Sample([Label("name", $0.key)], $0.value.count) }),
      .gauge(
        "celery_task_longest_running_seconds", "How long the longest of them has been running.",
        byName.flatMap { name, tasks in
          Sample.known(longest(of: tasks, at: now)?.value, [Label("name", name)])
        }),
    ]
  }

  private static func longest(of tasks: [RunningTask], at now: Timestamp?) -> Seconds? {
    guard let now, let oldest = tasks.map(\.startedAt).min() else { return nil }
    return max(now - oldest, .zero)
  }
}
