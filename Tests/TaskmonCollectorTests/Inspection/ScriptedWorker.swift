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
    try PidboxRequest.listen(on: server) { [weak self] call, hands in
      guard let self else { throw CancellationError() }
      try? self.hear(call, hands)
    }
  }

  var requests: [Request] { state.withLock { $0.requests } }
  func methods() -> [String] { requests.map(\.method) }
  /// Waits until it has heard so many requests, and gives the last of these: on a busy machine
  /// whoever asked may have given up before.
  func heard(_ count: Int) async throws -> Request {
    try await eventuallyValue("request \(count) is heard") {
      let heard = self.requests
      return heard.count >= count ? heard[count - 1] : nil
    }
  }
  func answer(_ method: String, with json: String) {
    state.withLock { $0.answers[method] = json }
  }
  /// Gives no answer to this any more, and none late.
  func ignore(_ method: String) { state.withLock { $0.answers[method] = nil } }
  func fallSilent(_ isSilent: Bool = true) { state.withLock { $0.isSilent = isSilent } }

  /// Answers now what was asked when it was silent.
  func answerLate(_ request: Request) throws {
    try push(request, over: try server.connect())
  }

  private func hear(_ call: PidboxRequest, _ hands: WireClient) throws {
    guard call.destination?.contains(name) ?? true else { return }
    let request = Request(
      method: call.method, ticket: call.ticket, list: call.list,
      timeToLive: try hands.command("PTTL", call.list).integer ?? 0,
      lastElement: try hands.command("LINDEX", call.list, "-1").text)
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
