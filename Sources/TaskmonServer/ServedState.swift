package import TaskmonExposition
package import TaskmonHealth
package import TaskmonModel

/// What the server answers from: one consistent view, replaced as a whole by whoever observes.
package struct ServedState: Sendable {
  package var history: SnapshotHistory
  package var report: HealthReport
  package var process: ProcessFacts?
  /// The document of `/api/v1/health`, JSON in UTF-8; made only when it is asked for.
  package var healthDocument: @Sendable () -> [UInt8]

  package init(
    history: SnapshotHistory, report: HealthReport, process: ProcessFacts? = nil,
    healthDocument: @escaping @Sendable () -> [UInt8]
  ) {
    self.history = history
    self.report = report
    self.process = process
    self.healthDocument = healthDocument
  }
}
