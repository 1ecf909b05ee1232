import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks through the unacknowledged messages for those of one task, a bounded number of them.
struct HeldSearch: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget
  /// Whether there is such a queue.
  let isQueue: @Sendable (String) -> Bool

  /// What one step through the index has shown.
  private struct Step {
    var found: [UnackedMessage] = []
    var looked = 0
    var bytes: Int64 = 0
    var tooLarge = 0
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
      let step: Step
      switch try await look(for: id, from: low, through: top - 1, redis) {
      case .failure(let error): return (.unavailable(error.description), extent)
      case .success(let seen): step = seen
      }
      large += step.tooLarge
      extent.looked += step.looked
      bytes -= step.bytes
      top = low
      if !step.found.isEmpty { return (.value(step.found), extent) }
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

  private func look(
    for id: String, from low: Int, through high: Int, _ redis: some RedisReading
  ) async throws(RedisError) -> Result<Step, CollectionError> {
    let range = try await redis.read([
      .sortedSetRange(layout.unackedIndex, from: low, through: high)
    ])
    let members: [UnackedMember]
    do throws(CollectionError) {
      members = UnackedMember.all(
        in: try (range.first ?? .null).elements(on: "the index of unacked messages"))
    } catch {
      return .failure(error)
    }
    let lengths = try await redis.read(
      members.map { .hashFieldLength(layout.unacked, $0.tag) })
    var small: [(member: UnackedMember, size: Int)] = []
    var step = Step()
    do throws(CollectionError) {
      for (member, length) in zip(members, lengths) {
        let size = try length.integer(on: "the size of an unacked message")
        // Where it is nothing, the message was acknowledged meanwhile.
        if size > budget.messageBytes.value {
          step.tooLarge += 1
        } else if size > 0 {
          small.append((member, size))
        }
      }
    } catch {
      return .failure(error)
    }
    let values = try await redis.read(small.map { .hashField(layout.unacked, $0.member.tag) })
    for (held, value) in zip(small, values) {
      if let error = value.error {
        return .failure(CollectionError(error, on: "an unacked message"))
      }
      step.looked += 1
      step.bytes += Int64(held.size)
      if let found = message(of: id, held.member, held.size, value) { step.found.append(found) }
    }
    return .success(step)
  }

  private func message(
    of id: String, _ member: UnackedMember, _ size: Int, _ value: RedisReply
  ) -> UnackedMessage? {
    guard let bytes = value.bytes, let entry = try? UnackedEntry(decoding: bytes),
      entry.message.taskID == id
    else { return nil }
    return UnackedMessage(
      queue: entry.queue(isQueue), deliveredAt: member.deliveredAt,
      message: .value(MessageFacts(entry.message)), size: ByteCount(size))
  }
}
