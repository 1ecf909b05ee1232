import CeleryProtocol
import FoundationEssentials
import RedisClient
import TaskmonUnits

/// Questions to workers outside the usual rounds, on a reply list of their own: each is permitted
/// first, like every other, and waited for no longer than told.
struct WorkerCall: Sendable {
  let link: RedisLink
  let layout: KeyLayout
  let time: TimeSource
  let budget: CollectionBudget
  private let replies: ReplyList

  init(link: RedisLink, layout: KeyLayout, time: TimeSource, budget: CollectionBudget) {
    self.link = link
    self.layout = layout
    self.time = time
    self.budget = budget
    replies = ReplyList(link: link, layout: layout, time: time)
  }

  /// A call over a connection of its own, opened when it is used first.
  init(
    _ configuration: MonitorConfiguration, allows rights: CommandRights, time: TimeSource,
    cost: RedisCostCounter
  ) {
    self.init(
      link: RedisLink(
        url: configuration.broker, time: time, limits: configuration.limits, allows: rights,
        cost: cost),
      layout: configuration.layout, time: time, budget: configuration.budget)
  }

  /// What a message on the control channel needs to be answered.
  struct Slip: Sendable {
    var owner: String
    var ticket: String
    var expires: Timestamp
  }

  enum Outcome: Sendable {
    /// Nothing was sent, and why.
    case silent(String)
    case sent(Answers)
    /// It was sent, or may have been, before Redis was lost; with what had been answered by then.
    case broken(RedisError, Answers)
  }

  struct Answers: Sendable {
    /// Connections that received it.
    var receivers: Int
    var ticket: String
    /// As they lay in the list, oldest first.
    var elements: [[UInt8]] = []
    var replies: [ControlReply] = []
    /// Answers to earlier questions, which came meanwhile.
    var late: [ControlReply] = []
  }

  /// Sends what `make` makes and takes answers until `expected` (everybody who received it where
  /// nil) have come, or the wait is over; throws only where nothing was sent.
  func ask(
    expecting expected: Int?, wait: Seconds, _ make: @Sendable (Slip) -> any WireCommand
  ) async throws(RedisError) -> Outcome {
    switch try await permission() {
    case .silent(let reason): return .silent(reason)
    case .free: break
    }
    if let error = try await replies.renew() {
      return .silent("our reply list could not be made: \(error.sentence(on: layout))")
    }
    let slip = Slip(
      owner: replies.owner, ticket: UUID().uuidString.lowercased(), expires: time.now() + wait)
    await replies.open()
    var answers = Answers(receivers: 0, ticket: slip.ticket)
    do throws(RedisError) {
      let sent = try await link.send([make(slip)])
      guard let receivers = sent.first?.integer else {
        await replies.settle()
        let why = sent.first?.error?.sentence(on: layout) ?? "PUBLISH gave no number"
        return .silent("requests are not permitted: \(why)")
      }
      answers.receivers = receivers
      try await collect(&answers, until: expected ?? receivers, wait: wait)
    } catch {
      return .broken(error, answers)
    }
    // Where nobody waits for them, answers may still come.
    let isSettled = expected != 0 && answers.replies.count >= expected ?? answers.receivers
    if answers.receivers == 0 || isSettled { await replies.settle() }
    return .sent(answers)
  }

  /// Whatever lies in the list: answers that came when nobody waited for them any more.
  func overdue() async throws(RedisError) -> [ControlReply] {
    try await replies.take(keepingAlive: false).compactMap { try? ControlReply(decoding: $0) }
  }

  /// Removes the reply list, or leaves it to its expiry where answers may still come.
  func close() async {
    await replies.end(isOwed: replies.openQuestions > 0)
    await link.close()
  }

  func permission() async throws(RedisError) -> RequestGuard.Verdict {
    try await RequestGuard.verdict(over: link, budget: budget)
  }

  private func collect(
    _ answers: inout Answers, until expected: Int, wait: Seconds
  ) async throws(RedisError) {
    let deadline = time.uptime() + wait
    var pause = Seconds.milliseconds(5)
    while !Task.isCancelled {
      for element in try await replies.take(keepingAlive: false) {
        guard let reply = try? ControlReply(decoding: element) else { continue }
        guard reply.ticket == answers.ticket else {
          answers.late.append(reply)
          continue
        }
        answers.elements.append(element)
        answers.replies.append(reply)
      }
      guard answers.replies.count < expected, time.uptime() < deadline else { return }
      do { try await time.sleep(pause) } catch { return }
      pause = min(pause * 2, .milliseconds(100))
    }
  }
}
