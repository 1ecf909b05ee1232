import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// What one fast poll found; each part on its own, so that one failure costs only its own facts.
struct FastFacts: Sendable {
  var server: Result<ServerFacts, CollectionError>
  /// How long Redis has spent on each command; empty where it does not tell.
  var served: [String: ServedCommand] = [:]
  var markers: Result<[String], CollectionError>
  var unacked: Result<UnackedFacts, CollectionError>
  var lengths: Result<QueueLengthCollector.Lengths, CollectionError>
  var redBeat: Result<RedBeatCollector.State, CollectionError>
  /// Of the queues looked at this time.
  var heads: Result<[QueueHeadCollector.Ends], CollectionError>
}

/// The fast rhythm: one round trip, and two more where queues hold messages.
struct FastPoll: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget
  let time: TimeSource
  /// Where RedBeat's lock was found, where that is not its usual key.
  var redBeatLock: RedisKey?

  /// `suspects` are heads that have not moved for a while, by queue: where one has gone, the
  /// elements behind the new head are read to tell a restored message from a consumer.
  func run(
    _ redis: some RedisReading, queues: [QueueName], suspects: [QueueName: String], turn: Int
  ) async throws(RedisError) -> FastFacts {
    let server = ServerCollector.reading(database: layout.database, now: time.now)
    let presence = PresenceCollector.reading(layout: layout)
    let unacked = UnackedCollector.reading(layout: layout)
    let redBeat = RedBeatCollector.reading(
      layout: layout, lock: redBeatLock, limit: budget.beatEntries)
    let lengths = QueueLengthCollector.reading(queues, layout: layout)
    // The server tells of itself last: what was lost before it was read is then known to be lost.
    let commands =
      presence.commands + unacked.commands + redBeat.commands + lengths.commands + server.commands
    var cursor = ReplyCursor(try await redis.read(commands))
    let (markers, held, beat) = (
      cursor.take(presence), cursor.take(unacked), cursor.take(redBeat)
    )
    let counted = cursor.take(lengths)
    let look = cursor.take(server)
    var facts = FastFacts(
      server: look.map(\.facts), served: (try? look.get().served) ?? [:], markers: markers,
      unacked: held, lengths: counted, redBeat: beat, heads: .success([]))
    if case .success(let counted) = facts.lengths {
      facts.heads = try await heads(
        redis, counted.queues, suspects: suspects, turn: turn)
    }
    return facts
  }

  private func heads(
    _ redis: some RedisReading, _ queues: [QueueLengthCollector.Counted],
    suspects: [QueueName: String], turn: Int
  ) async throws(RedisError) -> Result<[QueueHeadCollector.Ends], CollectionError> {
    let targets = self.targets(queues, turn: turn)
    guard !targets.isEmpty else { return .success([]) }
    let sizes = QueueHeadCollector.sizes(targets, layout: layout)
    var cursor = ReplyCursor(try await redis.read(sizes.commands))
    let measured: [ByteCount?]
    switch cursor.take(sizes) {
    case .success(let found): measured = found
    case .failure(let error): return .failure(error)
    }
    var ends: [QueueHeadCollector.Ends] = []
    var small: [QueueHeadCollector.Target] = []
    var bytes = Int64(0)
    var averages: [QueueName: ByteCount] = [:]
    for (target, size) in zip(targets, measured) {
      guard let size else { continue }
      averages[target.queue] = size
      if size > budget.messageBytes {
        ends.append(.tooLarge(target.queue, size: size, limit: budget.messageBytes))
      } else if bytes + size.value * 2 <= budget.pollBytes.value || small.isEmpty {
        // Both ends of it; an average only, so this is an estimate.
        bytes += size.value * 2
        small.append(target)
      }
    }
    let read = try await self.ends(redis, small)
    let moved = read.filter { $0.hasLost(suspects[$0.queue]) }.map(\.queue)
    let deeper = small.filter { moved.contains($0.queue) }.map { target in
      var target = target
      target.depth = budget.tailDepth
      return target
    }
    let again = try await self.ends(redis, deeper)
    let replaced = Set(again.map(\.queue))
    let all = ends + read.filter { !replaced.contains($0.queue) } + again
    return .success(
      all.map { ends in
        var ends = ends
        ends.average = averages[ends.queue]
        return ends
      })
  }

  private func ends(
    _ redis: some RedisReading, _ targets: [QueueHeadCollector.Target]
  ) async throws(RedisError) -> [QueueHeadCollector.Ends] {
    guard !targets.isEmpty else { return [] }
    let reading = QueueHeadCollector.ends(targets, layout: layout)
    var cursor = ReplyCursor(try await redis.read(reading.commands))
    switch cursor.take(reading) {
    case .success(let ends): return ends
    case .failure: return []
    }
  }

  /// The queues that hold messages, each turn beginning with others; where they are too many, only
  /// this turn's share of them.
  private func targets(
    _ queues: [QueueLengthCollector.Counted], turn: Int
  ) -> [QueueHeadCollector.Target] {
    let holding = queues.compactMap { counted in
      counted.mostUrgent.map { step in
        QueueHeadCollector.Target(
          queue: counted.queue, step: step,
          length: counted.priorities.first { $0.step == step }?.ready ?? 1, depth: 1)
      }
    }
    guard !holding.isEmpty else { return [] }
    let count = min(holding.count, max(1, budget.headsPerPoll))
    let round = (holding.count + count - 1) / count
    // Each round begins one further on, because a turn may have to leave out its last ones.
    let start = (turn % 1_000_000 * count + turn / round) % holding.count
    return (0..<count).map { holding[(start + $0) % holding.count] }
  }
}

extension QueueHeadCollector.Ends {
  static func tooLarge(_ queue: QueueName, size: ByteCount, limit: ByteCount) -> Self {
    let reason = "messages of about \(size.text) are not read (limit \(limit.text))"
    return Self(
      queue: queue, head: .unavailable(reason), newest: .unavailable(reason), tailTags: [])
  }

  /// The head a rule is waiting for is not where it was.
  func hasLost(_ suspect: String?) -> Bool {
    suspect.map { !tailTags.contains($0) } ?? false
  }
}
