package import TaskmonUnits

/// What one worker answered when it was asked what it holds and what it will not run.
package struct WorkerHoldings: Sendable, Equatable {
  package var worker: WorkerID
  package var askedAt: Timestamp
  /// Prefetched and not begun.
  package var reserved: Observation<HeldRequests>
  /// Kept until their eta, or until their rate limit lets them run; the next first.
  package var scheduled: Observation<HeldRequests>
  package var revoked: Observation<RevokedTasks>

  /// What no question was sent for has the same reason everywhere.
  package init(worker: WorkerID, askedAt: Timestamp, silent reason: String) {
    self.worker = worker
    self.askedAt = askedAt
    reserved = .unavailable(reason)
    scheduled = .unavailable(reason)
    revoked = .unavailable(reason)
  }
}

/// Tasks a worker holds: how many, and the first of them.
package struct HeldRequests: Sendable, Equatable {
  package var count: Int
  package var first: [HeldRequest]

  package init(count: Int, first: [HeldRequest]) {
    self.count = count
    self.first = first
  }
}

/// A task in the hands of a worker that has not begun.
package struct HeldRequest: Sendable, Hashable {
  package var id: String
  package var task: String?
  package var eta: Timestamp?
  package var queue: String?
  package var redelivered: Bool?
  /// As Python prints them, at most 1 KiB; they may be anything.
  package var argumentsText: String?
  package var keywordArgumentsText: String?

  package init(
    id: String, task: String? = nil, eta: Timestamp? = nil, queue: String? = nil,
    redelivered: Bool? = nil, argumentsText: String? = nil, keywordArgumentsText: String? = nil
  ) {
    self.id = id
    self.task = task
    self.eta = eta
    self.queue = queue
    self.redelivered = redelivered
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
  }
}

/// Ids a worker will not run: how many, and some of them.
package struct RevokedTasks: Sendable, Equatable {
  package var count: Int
  package var some: [String]

  package init(count: Int, some: [String]) {
    self.count = count
    self.some = some
  }
}
