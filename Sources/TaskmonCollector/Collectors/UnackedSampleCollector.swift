import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// The messages workers hold, as last looked at.
struct UnackedSample: Sendable, Equatable {
  struct Entry: Sendable, Equatable {
    var tag: [UInt8]
    var message: UnackedMessage
    /// How many messages it stands for; 1 where each was looked at.
    var weight: Double
    /// It was left out for want of bytes and is read another time.
    var isPending = false
  }

  /// Those delivered longest ago first.
  var entries: [Entry] = []
  var count = 0
  /// Every message that is held is among the entries.
  var isWhole = true

  /// Messages held, by the queue they came from.
  struct Shares: Sendable, Equatable {
    var counts: [String: Int]
    /// Not each of them is known.
    var isEstimate: Bool
  }

  var byQueue: Shares {
    var sums: [String: Double] = [:]
    for entry in entries { sums[entry.message.queue, default: 0] += entry.weight }
    let isUnknown = sums.removeValue(forKey: "") != nil
    return Shares(
      counts: sums.mapValues { Int($0.rounded()) }, isEstimate: !isWhole || isUnknown)
  }
}

/// Reads what workers hold, sizes before bodies, and nothing twice: a message stays the same under
/// its delivery tag.
struct UnackedSampleCollector: Sendable {
  static let name = "unacked-messages"

  let layout: KeyLayout
  let budget: CollectionBudget
  /// Whether there is such a queue.
  let isQueue: @Sendable (String) -> Bool

  /// All that is held is read with every poll where it is little, a mere sample now and then.
  ///
  /// `last` was taken `ago`; nil where none was.
  static func isDue(
    _ count: Int, after last: UnackedSample?, ago: Seconds?, budget: CollectionBudget
  ) -> Bool {
    guard count > budget.unackedMessages, let last, !last.isWhole, let ago else { return true }
    return ago >= budget.unackedSamplePause
  }

  /// A message of the sample, and how many it stands for.
  private struct Member {
    var index: UnackedMember
    var weight = 1.0

    var tag: [UInt8] { index.tag }
    var deliveredAt: Timestamp? { index.deliveredAt }
  }

  func sample(
    _ redis: some RedisReading, after last: UnackedSample
  ) async throws(RedisError) -> Result<UnackedSample, CollectionError> {
    let limit = max(2, budget.unackedMessages)
    let first = Self.index(layout: layout, limit: limit)
    var cursor = ReplyCursor(try await redis.read(first.commands))
    let count: Int
    var members: [Member]
    switch cursor.take(first) {
    case .failure(let error): return .failure(error)
    case .success(let found): (count, members) = found
    }
    let isAll = count <= limit
    if !isAll { members = try await spread(members, over: count, limit: limit, redis) }
    let known = Dictionary(
      last.entries.filter { !$0.isPending }.map { ($0.tag, $0.message) },
      uniquingKeysWith: { $1 })
    var sample = UnackedSample(count: count, isWhole: isAll && members.count == count)
    for entry in try await entries(members, known: known, redis) {
      // What was acknowledged between two round trips is no longer held.
      if let entry { sample.entries.append(entry) } else { sample.count -= 1 }
    }
    return .success(sample)
  }

  private static func index(
    layout: KeyLayout, limit: Int
  ) -> Reading<(count: Int, members: [Member])> {
    Reading(
      commands: [
        .hashLength(layout.unacked),
        .sortedSetRange(layout.unackedIndex, from: 0, through: limit - 1),
      ]
    ) { (replies) throws(CollectionError) in
      let count = try replies.reply(0).integer(on: "unacked messages")
      let pairs = try replies.reply(1).elements(on: "the index of unacked messages")
      return (count, members(pairs))
    }
  }

  private static func members(_ pairs: [RedisReply]) -> [Member] {
    UnackedMember.all(in: pairs).map { Member(index: $0) }
  }

  /// Half of the sample are the oldest; the other half, evenly spaced, stand for all the rest.
  private func spread(
    _ oldest: [Member], over count: Int, limit: Int, _ redis: some RedisReading
  ) async throws(RedisError) -> [Member] {
    let half = limit / 2
    var members = Array(oldest.prefix(half))
    let rest = count - half
    let replies = try await redis.read(
      (0..<half).map { position in
        let rank = half + position * rest / half
        return .sortedSetRange(layout.unackedIndex, from: rank, through: rank)
      })
    var seen = Set(members.map(\.tag))
    let spaced = replies.flatMap { Self.members($0.array ?? []) }
      .filter { seen.insert($0.tag).inserted }
    members += spaced.map { member in
      var member = member
      member.weight = Double(rest) / Double(max(1, spaced.count))
      return member
    }
    return members
  }

  /// One per member, nil for one that has gone.
  private func entries(
    _ members: [Member], known: [[UInt8]: UnackedMessage], _ redis: some RedisReading
  ) async throws(RedisError) -> [UnackedSample.Entry?] {
    // Handed out again, it has another moment, and its message says so.
    let new = members.filter { known[$0.tag].map { $0.deliveredAt } != .some($0.deliveredAt) }
    guard !new.isEmpty else {
      return members.map { member in
        known[member.tag].map {
          UnackedSample.Entry(tag: member.tag, message: $0, weight: member.weight)
        }
      }
    }
    let lengths = try await redis.read(new.map { .hashFieldLength(layout.unacked, $0.tag) })
    var sizes: [[UInt8]: Int] = [:]
    for (member, length) in zip(new, lengths) { sizes[member.tag] = length.integer }
    var bytes = 0
    let fitting = new.filter { member in
      guard let size = sizes[member.tag], size > 0, size <= budget.messageBytes.value,
        bytes + size <= budget.unackedBytes.value
      else { return false }
      bytes += size
      return true
    }
    let values = try await redis.read(fitting.map { .hashField(layout.unacked, $0.tag) })
    var read: [[UInt8]: RedisReply] = [:]
    for (member, value) in zip(fitting, values) { read[member.tag] = value }
    return members.map { member in
      guard let size = sizes[member.tag] else {
        return known[member.tag].map {
          UnackedSample.Entry(tag: member.tag, message: $0, weight: member.weight)
        }
      }
      return entry(member, size: size, value: read[member.tag])
    }
  }

  private func entry(_ member: Member, size: Int, value: RedisReply?) -> UnackedSample.Entry? {
    guard size > 0 else { return nil }
    var message = UnackedMessage(
      queue: "", deliveredAt: member.deliveredAt, message: .unavailable(""), size: ByteCount(size))
    var isPending = false
    if let value {
      guard let bytes = value.bytes else { return nil }
      do {
        let held = try UnackedEntry(decoding: bytes)
        message.queue = held.queue(isQueue)
        message.message = .value(MessageFacts(held.message))
      } catch {
        message.message = .unavailable("not a Celery message: \(error)")
      }
    } else if size > budget.messageBytes.value {
      message.message = .unavailable(
        "\(message.size.text) are not read (limit \(budget.messageBytes.text))")
    } else {
      isPending = true
      message.message = .unavailable("not read yet: it waits for its turn")
    }
    return UnackedSample.Entry(
      tag: member.tag, message: message, weight: member.weight, isPending: isPending)
  }
}
