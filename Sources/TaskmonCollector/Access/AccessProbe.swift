import CeleryProtocol
import FoundationEssentials
package import RedisClient
package import TaskmonUnits

/// Tries each command taskmon uses once, harmlessly, and says which Redis refuses.
///
/// Reads go to Celery's fixed keys and to one that does not exist; writes to a reply list of our
/// own, which is deleted again; the request is for a worker that cannot be.
package struct AccessProbe: Sendable {
  package enum Verdict: Sendable, Equatable {
    case allowed
    /// The user may not; in Redis' own words.
    case forbidden(String)
    /// The server does not know the command: it was renamed or is too old for it.
    case missing
  }

  package struct Outcome: Sendable, Equatable {
    /// `MEMORY USAGE`.
    package var command: String
    /// `+memory|usage`, as ACL SETUSER takes it.
    package var grant: String
    /// What stays unknown without it.
    package var loses: String
    package var verdict: Verdict
  }

  private let configuration: MonitorConfiguration
  private let time: TimeSource
  private let layout: KeyLayout

  package init(_ configuration: MonitorConfiguration, time: TimeSource) {
    self.configuration = configuration
    self.time = time
    layout = configuration.layout
  }

  /// In the order they are needed; throws where Redis cannot be reached at all.
  package func run() async throws(RedisError) -> [Outcome] {
    let uses = AccessUse.reads(layout)
    let reads = RedisLink(url: configuration.broker, time: time, limits: configuration.limits)
    let replies = try await reads.read(uses.map(\.command))
    await reads.close()
    var outcomes = zip(uses, replies).map { use, reply in outcome(use.use, reply) }
    for (use, pattern) in AccessUse.subscriptions(layout) {
      outcomes.append(try await subscription(use, pattern))
    }
    if !configuration.isReadOnly { outcomes += try await writes() }
    return outcomes
  }

  private func outcome(_ use: AccessUse, _ reply: RedisReply) -> Outcome {
    Outcome(
      command: use.command, grant: use.grant, loses: use.loses, verdict: Verdict(reply.error))
  }

  /// Redis tells a subscriber by closing or by an error that is thrown.
  private func subscription(
    _ use: AccessUse, _ pattern: RedisKey
  ) async throws(RedisError) -> Outcome {
    var verdict = Verdict.allowed
    do {
      _ = try await RedisSubscription.channels(
        matching: pattern, on: configuration.broker, time: time, limits: configuration.limits,
        for: .milliseconds(200), atMost: 1)
    } catch {
      switch error.kind {
      case .noPermission: verdict = .forbidden(error.detail)
      case .other where error.detail.contains("unknown command"): verdict = .missing
      case .nameResolution, .refused, .authentication, .tls, .timeout, .loading, .cluster,
        .closed, .wrongDatabase, .protocolViolation, .other:
        throw error
      }
    }
    return Outcome(
      command: use.command, grant: use.grant, loses: use.loses, verdict: verdict)
  }

  private func writes() async throws(RedisError) -> [Outcome] {
    let owner = UUID().uuidString.lowercased()
    let list = layout.replyList(owner: owner)
    let request = ControlRequest(
      .ping, to: ["taskmon-doctor@localhost"], owner: owner,
      ticket: UUID().uuidString.lowercased(), expires: time.now() + Seconds(1), layout: layout)
    let link = RedisLink(
      url: configuration.broker, time: time, limits: configuration.limits,
      allows: [.read, .replyList, .control])
    let steps: [(AccessUse?, any WireCommand)] = [
      (.transaction, ReplyListCommand.multi), (.push, ReplyListCommand.pushSentinel(list)),
      (.expiry, ReplyListCommand.expire(list)), (.end, ReplyListCommand.exec),
      (nil, ReplyListCommand.multi), (.range, ReplyListCommand.takeRange(list)),
      (.trim, ReplyListCommand.keepSentinel(list)), (nil, ReplyListCommand.exec),
      (.deletion, ReplyListCommand.delete(list)), (.request, request),
    ]
    let replies = try await link.send(steps.map(\.1))
    await link.close()
    return zip(steps, replies).compactMap { step, reply in step.0.map { outcome($0, reply) } }
  }
}

extension AccessProbe.Verdict {
  /// Any other error is about what a key holds, not about what may be done.
  fileprivate init(_ error: RedisServerError?) {
    switch error {
    case let error? where error.code == "NOPERM": self = .forbidden(error.message)
    case let error? where error.message.lowercased().contains("unknown command"): self = .missing
    case let error? where error.message.lowercased().contains("unknown subcommand"): self = .missing
    case _: self = .allowed
    }
  }
}
