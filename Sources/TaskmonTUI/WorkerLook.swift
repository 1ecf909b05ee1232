package import TaskmonModel
package import TaskmonUnits

/// A look at one worker: what it was asked for because its page is open, and what it answered.
package struct WorkerLook: Sendable, Equatable {
  package var worker: WorkerID
  package var askedAt: Timestamp
  package var isAsking: Bool
  /// Its newest answer; nil before the first.
  package var answer: WorkerHoldings?

  package init(
    worker: WorkerID, askedAt: Timestamp, isAsking: Bool = true, answer: WorkerHoldings? = nil
  ) {
    self.worker = worker
    self.askedAt = askedAt
    self.isAsking = isAsking
    self.answer = answer
  }
}
