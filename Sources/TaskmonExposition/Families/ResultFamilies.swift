import TaskmonModel
import TaskmonUnits

/// What lies in the result backend.
///
/// Counts are said only after a complete pass over the keys; the largest is said as found.
package enum ResultFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let found = input.facts?.results.value
    let complete = found.flatMap { $0.completedPasses > 0 ? $0 : nil }
    let tasks = (found?.tasks ?? []).sorted { $0.task < $1.task }
    return [
      .gauge(
        "celery_results", "Stored results, by state.",
        (complete?.states ?? [:]).sorted { $0.key < $1.key }.map {
          Sample([Label("state", $0.key)], $0.value)
        }),
      .gauge(
        "celery_result_failures", "Stored failures, by the class of their exception.",
        (complete?.failures ?? [:]).sorted { $0.key < $1.key }.map {
          Sample([Label("exception", $0.key)], $0.value)
        }),
      .gauge(
        "celery_result_largest_bytes", "The largest stored result of the task found so far.",
        tasks.map { Sample([Label("name", $0.task)], Double($0.largest.value)) }),
      .histogram(
        "celery_result_size_bytes", "Sizes of the results stored now; falls as they expire.",
        complete == nil
          ? []
          : tasks.map { Sample([Label("name", $0.task)], .histogram(sizes(of: $0))) }),
      .gauge(
        "celery_results_without_expiry_ratio", "Share of the stored results that never expire.",
        Sample.known(
          complete.flatMap { $0.count > 0 ? Double($0.withoutExpiry) / Double($0.count) : nil })),
    ]
  }

  /// Sizes are counted in classes that end just below a power of two, so a bound of one byte less
  /// is exact: 255 B up to 64 MiB − 1 in steps of four.
  private static let bounds = stride(from: 8, through: 26, by: 2).map { Int64(1) << $0 - 1 }

  private static func sizes(of task: TaskResultSizes) -> Histogram {
    Histogram(
      bounds: bounds.map(Double.init),
      counts: bounds.map { bound in
        task.classes.reduce(0) { $0 + ($1.floor.value <= bound ? $1.count : 0) }
      },
      sum: Double(task.classes.reduce(ByteCount.zero) { $0 + $1.totalSize }.value),
      count: task.classes.reduce(0) { $0 + $1.count })
  }
}
