import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks through the unacknowledged messages for those of one task, a bounded number of them.
struct HeldSearch: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget

  private struct Member {
    var tag: [UInt8]
    var deliveredAt: Timestamp?
    var size = 0
  }

  func find(
    _ id: String, _ redis: some RedisReading
  ) async throws(RedisError) -> (Observation<[UnackedMessage]>, SearchExtent) {
    let counts = try await redis.read([
      .hashLength(layout.unacked), .sortedSetCount(layout.unackedIndex),
    ])
    let total: Int
    let indexed: Int
    do {
      total = try (counts.first ?? .null).integer(on: "unacked messages")
      indexed = try (counts.last ?? .null).integer(on: "the index of unacked messages")
    } catch {
      return (.unavailable(error.description), SearchExtent())
    }
    var extent = SearchExtent(total: total)
    var bytes = budget.searchBytes.value
    var top = indexed
    var large = 0
    // Down from those delivered last: what is acknowledged meanwhile moves only what was looked at.
    while top > 0, extent.looked < budget.searchMessages, bytes > 0 {
      let low = max(0, top - budget.searchStep)
      let members = try await members(from: low, through: top - 1, redis)
      let small = members.filter { $0.size > 0 && $0.size <= budget.messageBytes.value }
      large += members.count { $0.size > budget.messageBytes.value }
      let values = try await redis.read(small.map { .hashField(layout.unacked, $0.tag) })
      let found = zip(small, values).compactMap { message(of: id, $0, $1) }
      extent.looked += small.count
      bytes -= small.reduce(0) { $0 + Int64($1.size) }
      top = low
      if !found.isEmpty { return (.value(found), extent) }
    }
    if top > 0 {
      extent.omissions.append(
        "of the \(indexed.grouped) unacknowledged messages only the \((indexed - top).grouped) "
          + "delivered last were looked at")
    }
    if large > 0 {
      extent.omissions.append(
        "\(large.grouped) unacknowledged messages over \(budget.messageBytes.text) were not read")
    }
    return (.value([]), extent)
  }

  private func members(
    from low: Int, through high: Int, _ redis: some RedisReading
  ) async throws(RedisError) -> [Member] {
    let reply = try await redis.read([
      .sortedSetRange(layout.unackedIndex, from: low, through: high)
    ])
    let pairs = reply.first?.array ?? []
    var members = stride(from: 0, to: pairs.count - 1, by: 2).compactMap { index in
      pairs[index].bytes.map { Member(tag: $0, deliveredAt: Timestamp(score: pairs[index + 1])) }
    }
    let sizes = try await redis.read(members.map { .hashFieldLength(layout.unacked, $0.tag) })
    for index in members.indices where index < sizes.count {
      members[index].size = sizes[index].integer ?? 0
    }
    return members
  }

  private func message(of id: String, _ member: Member, _ value: RedisReply) -> UnackedMessage? {
    guard let bytes = value.bytes, let entry = try? UnackedEntry(decoding: bytes),
      entry.message.taskID == id
    else { return nil }
    return UnackedMessage(
      queue: entry.routingKey.isEmpty ? entry.exchange : entry.routingKey,
      deliveredAt: member.deliveredAt, message: .value(MessageFacts(entry.message)),
      size: ByteCount(member.size))
  }
}
