package import TaskmonModel

/// What is asked of a single worker, when somebody looks at it.
extension Monitor {
  /// What the worker holds; asked now, and waited for a few seconds at most.
  package func holdings(of worker: WorkerID) async -> WorkerHoldings {
    await desk.holdings(of: worker, layout: layout)
  }
}
