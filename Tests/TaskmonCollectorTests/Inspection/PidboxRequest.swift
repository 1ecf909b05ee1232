import Foundation
import TaskmonTestSupport

/// A request on the control channel, as a worker reads it.
struct PidboxRequest: Sendable {
  let method: String
  let ticket: String
  /// The list that is to be answered into.
  let list: String
  /// Nil: every worker.
  let destination: [String]?

  /// Nil for a push that is none.
  init?(_ push: WireValue) throws {
    guard let data = push.array?.last?.text,
      let envelope = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any],
      let encoded = envelope["body"] as? String, let body = Data(base64Encoded: encoded),
      let call = try JSONSerialization.jsonObject(with: body) as? [String: Any],
      let method = call["method"] as? String, let ticket = call["ticket"] as? String,
      let list = (call["reply_to"] as? [String: Any])?["routing_key"] as? String
    else { return nil }
    self.method = method
    self.ticket = ticket
    self.list = list
    destination = call["destination"] as? [String]
  }

  /// Hears what comes on the control channel, in a thread of its own, from the moment this returns
  /// until the server or `hear` ends it; `hands` are for what it does then.
  static func listen(
    on server: RedisServer,
    _ hear: @escaping @Sendable (PidboxRequest, _ hands: WireClient) throws -> Void
  ) throws {
    let ears = try server.connect()
    _ = try ears.pipeline([[Array("PSUBSCRIBE".utf8), Array("/0.celery.pidbox".utf8)]])
    let hands = try server.connect()
    // A machine with much to do is no reason for a worker to go deaf.
    ears.wait(atMost: 0)
    hands.wait(atMost: 60)
    nonisolated(unsafe) let connections = (ears, hands)
    Thread.detachNewThread {
      while let push = try? connections.0.reply() {
        do {
          if let request = try PidboxRequest(push) { try hear(request, connections.1) }
        } catch {
          return
        }
      }
    }
  }
}
