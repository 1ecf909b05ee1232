package import TaskmonUnits

/// What is remembered of the Redis server: what it held, and what happened to it.
package struct ServerTrack: Sendable, Equatable, Codable {
  /// What Celery's data amounted to when last seen.
  package struct Holdings: Sendable, Hashable, Codable {
    /// Messages ready in all queues, unacknowledged ones, stored results; nil where unknown.
    ///
    /// Results that another server has are not known to this one.
    package var ready: Int?
    package var unacked: Int?
    package var results: Int?
    /// Keys in the broker's database.
    package var keys: Int?
    /// The lists the ready messages stand in; nil where unknown.
    package var lists: Int?

    package init(
      ready: Int? = nil, unacked: Int? = nil, results: Int? = nil, keys: Int? = nil,
      lists: Int? = nil
    ) {
      self.ready = ready
      self.unacked = unacked
      self.results = results
      self.keys = keys
      self.lists = lists
    }

    /// Messages, unacknowledged ones and results together; nil where none of them is known.
    package var total: Int? {
      let known = [ready, unacked, results].compactMap(\.self)
      return known.isEmpty ? nil : known.reduce(0, +)
    }

    /// Whether there was anything to lose: bindings, which are made again, are nothing.
    var holdsData: Bool { (total ?? 0) > 0 }

    /// Keys of the unacknowledged messages: their hash, its index and the lock for restoring them.
    private static let unackedKeys = 3

    /// Whether all this is gone, where `now` is what is left.
    ///
    /// Keys decide: what consumers take ends lists, and nothing else; bindings, results and
    /// schedules outlive a queue that was drained. Results may be in another database, so that they
    /// decide nothing. Messages decide where keys were not counted.
    func isLost(leaving now: Holdings) -> Bool {
      guard let before = keys, let left = now.keys else {
        let messages = (ready ?? 0) + (unacked ?? 0)
        return messages > 0 && now.ready == 0 && now.unacked == 0
      }
      guard left > 0 else { return before > 0 }
      return before - left > (lists ?? ready ?? 0) + Self.unackedKeys && left <= before / 2
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

    /// When it was first seen; for a restart, when the new process began, where that is later than
    /// the last look at the old one.
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
  package var fullFlushes: Int?
  package var holdings: Holdings?
  /// When `holdings` were seen.
  package var heldAt: Timestamp?
  /// The latest loss of data; nil where none was seen.
  package var flush: Flush?
  /// Evicted keys as counted by the server, over the last ten minutes, oldest first; at most 64.
  package var evictions: [CounterSample]
  /// Writes refused for want of memory, in the same way; nil in what was written before they were
  /// followed.
  package var refusals: [CounterSample]?

  package init(
    runID: String? = nil, flushes: Int? = nil, fullFlushes: Int? = nil, holdings: Holdings? = nil,
    heldAt: Timestamp? = nil, flush: Flush? = nil, evictions: [CounterSample] = [],
    refusals: [CounterSample]? = nil
  ) {
    self.runID = runID
    self.flushes = flushes
    self.fullFlushes = fullFlushes
    self.holdings = holdings
    self.heldAt = heldAt
    self.flush = flush
    self.evictions = evictions
    self.refusals = refusals
  }

  /// Over which evictions are counted.
  package static let window = Seconds.minutes(10)
  static let samples = 64
  /// Older holdings prove no loss: results expire by themselves.
  static let memory = Seconds.hours(1)

  /// Takes the server's facts in; true where what was remembered of its data no longer holds.
  ///
  /// A server that still reads its data set from disk has lost nothing yet.
  mutating func absorb(_ server: ServerFacts, holdings now: Holdings, at moment: Timestamp) -> Bool
  {
    guard !server.isLoading else { return false }
    let isOther = runID.map { $0 != server.runID } ?? false
    let loss = loss(isOther: isOther, server, leaving: now, at: moment)
    flush = loss ?? flush
    runID = server.runID
    flushes = server.flushes
    fullFlushes = server.fullFlushes
    holdings = now
    heldAt = moment
    if isOther {
      evictions = []
      refusals = nil
    }
    evictions.absorb(
      server.evictedKeys, at: moment, window: Self.window, limit: Self.samples)
    refusals = refusals ?? []
    refusals?.absorb(
      server.outOfMemoryErrors, at: moment, window: Self.window, limit: Self.samples)
    return isOther || loss != nil
  }

  private func loss(
    isOther: Bool, _ server: ServerFacts, leaving now: Holdings, at moment: Timestamp
  ) -> Flush? {
    guard let before = holdings, let heldAt, moment - heldAt <= Self.memory, before.holdsData else {
      return nil
    }
    if isOther {
      guard before.isLost(leaving: now) else { return nil }
      let began = min(moment, max(heldAt, moment - server.uptime))
      return Flush(at: began, cause: .emptyRestart, before: before)
    }
    let isEmptied = Self.grew(fullFlushes, server.fullFlushes)
    let isFlushed = Self.grew(flushes, server.flushes) && before.isLost(leaving: now)
    return isEmptied || isFlushed ? Flush(at: moment, cause: .command, before: before) : nil
  }

  /// Whether a counter rose; one that was reset or not read did not.
  private static func grew(_ before: Int?, _ now: Int?) -> Bool {
    guard let before, let now else { return false }
    return now > before
  }

  /// Keys evicted within the window; nil before two samples.
  package var recentEvictions: Int? { Self.recent(evictions) }

  /// Writes refused within the window; nil before two samples.
  package var recentRefusals: Int? { Self.recent(refusals ?? []) }

  private static func recent(_ samples: [CounterSample]) -> Int? {
    guard let first = samples.first, samples.count > 1 else { return nil }
    return samples.growth(since: first.at)
  }
}
