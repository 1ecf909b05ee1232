package import TaskmonUnits

/// What is remembered of the Redis server: what it held, and what happened to it.
package struct ServerTrack: Sendable, Equatable, Codable {
  /// What Celery's data amounted to when last seen.
  package struct Holdings: Sendable, Hashable, Codable {
    /// Messages ready in all queues, unacknowledged ones, stored results; nil where unknown.
    package var ready: Int?
    package var unacked: Int?
    package var results: Int?
    /// Keys in the broker's database.
    package var keys: Int?

    package init(
      ready: Int? = nil, unacked: Int? = nil, results: Int? = nil, keys: Int? = nil
    ) {
      self.ready = ready
      self.unacked = unacked
      self.results = results
      self.keys = keys
    }

    /// Messages, unacknowledged ones and results together; nil where none of them is known.
    package var total: Int? {
      let known = [ready, unacked, results].compactMap(\.self)
      return known.isEmpty ? nil : known.reduce(0, +)
    }
  }

  /// The server lost Celery's data.
  package struct Flush: Sendable, Hashable, Codable {
    package enum Cause: String, Sendable, Codable {
      /// FLUSHALL or FLUSHDB was called, and keys are gone.
      case command
      /// Another server process answers, and it holds nothing of what was there.
      case emptyRestart
    }

    package var at: Timestamp
    package var cause: Cause
    package var before: Holdings

    package init(at: Timestamp, cause: Cause, before: Holdings) {
      self.at = at
      self.cause = cause
      self.before = before
    }
  }

  package var runID: String?
  package var flushes: Int?
  package var holdings: Holdings?
  /// The latest loss of data; nil where none was seen.
  package var flush: Flush?
  /// Evicted keys as counted by the server, over the last ten minutes, oldest first; at most 64.
  package var evictions: [CounterSample]

  package init(
    runID: String? = nil, flushes: Int? = nil, holdings: Holdings? = nil, flush: Flush? = nil,
    evictions: [CounterSample] = []
  ) {
    self.runID = runID
    self.flushes = flushes
    self.holdings = holdings
    self.flush = flush
    self.evictions = evictions
  }

  static let window = Seconds.minutes(10)
  static let samples = 64

  /// Takes the server's facts in; true where what was remembered of its data no longer holds.
  mutating func absorb(_ server: ServerFacts, holdings now: Holdings, at moment: Timestamp) -> Bool
  {
    let isOther = runID.map { $0 != server.runID } ?? false
    let isFlushed = !isOther && (server.flushes ?? 0) > (flushes ?? .max)
    if let before = holdings {
      if isOther, (before.total ?? 0) > 0, now.total == 0 {
        flush = Flush(at: moment, cause: .emptyRestart, before: before)
      } else if isFlushed, (now.keys ?? 0) < (before.keys ?? 0) {
        flush = Flush(at: moment, cause: .command, before: before)
      }
    }
    let isLost = isOther || flush?.at == moment
    runID = server.runID
    flushes = server.flushes
    holdings = now
    absorbEvictions(server.evictedKeys, isOther: isOther, at: moment)
    return isLost
  }

  private mutating func absorbEvictions(_ count: Int?, isOther: Bool, at moment: Timestamp) {
    if isOther { evictions = [] }
    evictions.removeAll { moment - $0.at > Self.window }
    guard let count else { return }
    if evictions.count >= 2,
      moment - evictions[evictions.count - 2].at < Self.window / Double(Self.samples)
    {
      evictions.removeLast()
    }
    evictions.append(CounterSample(at: moment, count: count))
    if evictions.count > Self.samples { evictions.removeFirst() }
  }

  /// Keys evicted within the window; nil before two samples.
  package var recentEvictions: Int? {
    guard let first = evictions.first, let last = evictions.last, evictions.count > 1 else {
      return nil
    }
    return max(0, last.count - first.count)
  }
}

/// A counter of the server's at one moment.
package struct CounterSample: Sendable, Hashable, Codable {
  package var at: Timestamp
  package var count: Int

  package init(at: Timestamp, count: Int) {
    self.at = at
    self.count = count
  }
}
