import Foundation
import Synchronization
import TaskmonTestSupport

/// A worker's mailbox as a script: hears requests on the control channel and answers as told.
final class ScriptedWorker: Sendable {
  struct Request: Sendable {
    let method: String
    let ticket: String
    let list: String
    /// Of the reply list when the request came, in milliseconds.
    let timeToLive: Int
    let lastElement: String?
  }

  private struct State {
    var answers: [String: String]
    var isSilent = false
    var requests: [Request] = []
  }

  private let name: String
  private let server: RedisServer
  private let state: Mutex<State>

  /// Listens from the moment this returns; `answers` are JSON by method.
  init(
    _ name: String, on server: RedisServer, pid: Int = 100, conf: String = "{}"
  ) throws {
    self.name = name
    self.server = server
    state = Mutex(
      State(answers: [
        "ping": #"{"ok": "pong"}"#, "stats": #"{"pid": \#(pid)}"#, "active": "[]",
        "active_queues": #"[{"name": "celery"}]"#, "registered": #"["a.b [time_limit=60]"]"#,
        "conf": conf, "enable_events": #"{"ok": "task events enabled"}"#, "query_task": "{}",
        "reserved": "[]", "scheduled": "[]", "revoked": "[]",
      ]))
    let ears = try server.connect()
    _ = try ears.pipeline([[Array("PSUBSCRIBE".utf8), Array("/0.celery.pidbox".utf8)]])
    let hands = try server.connect()
    // A machine with much to do is no reason for a worker to go deaf.
    ears.wait(atMost: 0)
    hands.wait(atMost: 60)
    nonisolated(unsafe) let connections = (ears, hands)
    Thread.detachNewThread { [weak self] in
      while let push = try? connections.0.reply() {
        guard let self else { return }
        try? self.hear(push, connections.1)
      }
    }
  }

  var requests: [Request] { state.withLock { $0.requests } }
  func methods() -> [String] { requests.map(\.method) }
  func answer(_ method: String, with json: String) {
    state.withLock { $0.answers[method] = json }
  }
  func fallSilent(_ isSilent: Bool = true) { state.withLock { $0.isSilent = isSilent } }

  /// Answers now what was asked when it was silent.
  func answerLate(_ request: Request) throws {
    try push(request, over: try server.connect())
  }

  private func hear(_ push: WireValue, _ hands: WireClient) throws {
    guard let data = push.array?.last?.text,
      let envelope = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any],
      let encoded = envelope["body"] as? String, let body = Data(base64Encoded: encoded),
      let call = try JSONSerialization.jsonObject(with: body) as? [String: Any],
      let method = call["method"] as? String, let ticket = call["ticket"] as? String,
      let list = (call["reply_to"] as? [String: Any])?["routing_key"] as? String
    else { return }
    if let destination = call["destination"] as? [String], !destination.contains(name) { return }
    let request = Request(
      method: method, ticket: ticket, list: list,
      timeToLive: try hands.command("PTTL", list).integer ?? 0,
      lastElement: try hands.command("LINDEX", list, "-1").text)
    let isSilent = state.withLock { state in
      state.requests.append(request)
      return state.isSilent
    }
    if !isSilent { try self.push(request, over: hands) }
  }

  private func push(_ request: Request, over hands: WireClient) throws {
    guard let answer = state.withLock({ $0.answers[request.method] }) else { return }
    let element = envelope(worker: name, ticket: request.ticket, answer: answer)
    _ = try hands.pipeline([[Array("LPUSH".utf8), Array(request.list.utf8), element]])
  }
}
