import CeleryProtocol
import FoundationEssentials
import RedisClient
import TaskmonUnits

/// The one list in Redis that workers answer into: ours, never without an expiry, gone at the end.
///
/// Where an answer may still come it is left to its expiry instead: that answer would make it anew
/// without one.
///
/// Workers only push. A list that ran empty would lose its expiry and the next late answer would
/// make one that stays for ever; so an element of our own always stays last in it.
actor ReplyList {
  /// A fresh UUID, part of the list's name.
  nonisolated let owner = UUID().uuidString.lowercased()
  /// Whether it may exist in Redis.
  private(set) var isMade = false

  private let link: RedisLink
  private let key: RedisKey
  private let time: TimeSource
  private var renewedAt = Seconds.zero
  /// Questions that somebody has not answered who has heard them.
  private(set) var openQuestions = 0

  init(link: RedisLink, layout: KeyLayout, time: TimeSource) {
    self.link = link
    self.time = time
    key = layout.replyList(owner: owner)
  }

  private var keep: [ReplyListCommand] { [.pushSentinel(key), .expire(key)] }

  /// Makes the list, or gives it its whole lifetime again; gives why Redis refused.
  func renew() async throws(RedisError) -> RedisServerError? {
    isMade = true
    let answers = try await link.send([ReplyListCommand.multi] + keep + [.exec])
    if let error = answers.compactMap(\.error).first { return error }
    renewedAt = time.uptime()
    return nil
  }

  /// A question is about to be asked.
  func open() { openQuestions += 1 }

  /// Everybody has answered it, or nobody has heard it.
  func settle() { openQuestions -= 1 }

  /// Takes the answers out, oldest first.
  ///
  /// While answers are owed the list is kept alive, or one of them would make it anew.
  func take(keepingAlive: Bool) async throws(RedisError) -> [[UInt8]] {
    guard isMade else { return [] }
    let age = time.uptime() - renewedAt
    if keepingAlive, age > Seconds(Double(ReplyListCommand.expirySeconds) / 3) {
      try await prolong()
    }
    let replies = try await link.send([
      ReplyListCommand.multi, .takeRange(key), .keepSentinel(key), .exec,
    ])
    let elements = replies.last?.array?.first?.array ?? []
    // Workers push to the front, so the oldest answer stands last.
    return elements.reversed().compactMap(\.bytes).filter { $0 != ReplyListCommand.sentinel }
  }

  /// A full Redis refuses an element, and yet gives the list there is more time.
  private func prolong() async throws(RedisError) {
    if try await renew() != nil { _ = try await link.send([ReplyListCommand.expire(key)]) }
  }

  /// How long the end of taskmon may wait for it.
  private static let farewell = Seconds(1)

  /// Deletes it, or leaves it where answers are still owed.
  ///
  /// Where Redis is away or hangs the list goes by its own expiry, and nobody waits for it.
  func end(isOwed: Bool) async {
    guard isMade else { return }
    await hurry {
      if isOwed {
        try? await self.prolong()
      } else {
        _ = try? await self.link.send([ReplyListCommand.delete(self.key)])
      }
    }
  }

  /// Does one of the last things there are to do, for a moment at most.
  func hurry(_ work: @escaping @Sendable () async -> Void) async {
    if case .down = link.state { return }
    let time = time
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await work() }
      group.addTask { try? await time.sleep(Self.farewell) }
      await group.next()
      group.cancelAll()
    }
  }
}
