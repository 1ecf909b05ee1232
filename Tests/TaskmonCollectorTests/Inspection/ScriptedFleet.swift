import Foundation
import Synchronization
import TaskmonTestSupport

/// The mailboxes of many workers behind one connection, and what their answers weigh in Redis.
final class ScriptedFleet: Sendable {
  struct Facts {
    var requests = 0
    /// `w7 stats` and the like, in the order in which they were asked.
    var asked: [String: [String]] = [:]
    /// Of whom something was asked while they owed an answer.
    var askedTwice: [String] = []
    /// The list's weight when it was at its heaviest.
    var heaviest = 0
    /// Weights over what was allowed when the last question came.
    var overweight: [Int] = []
    var longestDestination = 0
  }

  fileprivate struct Request {
    let worker: String
    let method: String
    let ticket: String
    let list: String

    init(worker: String, _ call: PidboxRequest) {
      self.worker = worker
      (method, ticket, list) = (call.method, call.ticket, call.list)
    }
  }

  fileprivate struct State {
    var facts = Facts()
    var owed: [String: Request] = [:]
    var dueLate: Set<String>
    /// One percent of what was free in Redis when the last question came.
    var allowed = 0
  }

  private let names: [String]
  private let silent: Set<String>
  private let answers: [String: String]
  private let server: RedisServer
  private let state: Mutex<State>

  /// `silent` never answer; of `late` each `worker method` is answered when told, once.
  init(
    _ names: [String], silent: Set<String>, late: Set<String>, answers: [String: String],
    on server: RedisServer
  ) throws {
    self.names = names
    self.silent = silent
    self.answers = answers
    self.server = server
    state = Mutex(State(dueLate: late))
    try PidboxRequest.listen(on: server) { [weak self] call, hands in
      guard let self else { throw CancellationError() }
      try self.hear(call, hands)
    }
  }

  var facts: Facts { state.withLock { $0.facts } }

  /// All answers that are owed and may come, at once.
  func payLate() throws {
    let due = state.withLock { state in
      let due = state.owed.values.filter { !silent.contains($0.worker) }
      for request in due { state.owed[request.worker] = nil }
      return due
    }
    let hands = try server.connect()
    for request in due { try push(request, over: hands) }
  }

  private func hear(_ call: PidboxRequest, _ hands: WireClient) throws {
    let asked = call.destination ?? names
    let allowed = try allowedNow(hands)
    let now = state.withLock { state in
      state.facts.requests += 1
      state.allowed = allowed
      if call.destination != nil {
        state.facts.longestDestination = max(state.facts.longestDestination, asked.count)
      }
      return asked.compactMap { name in
        state.take(Request(worker: name, call), silent)
      }
    }
    for request in now { try self.push(request, over: hands) }
  }

  private func allowedNow(_ hands: WireClient) throws -> Int {
    let info = try hands.command("INFO", "memory").text ?? ""
    func number(_ name: String) -> Int {
      info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
        .flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }
    return (number("maxmemory") - number("used_memory")) / 100
  }

  private func push(_ request: Request, over hands: WireClient) throws {
    let element = envelope(
      worker: request.worker, ticket: request.ticket, answer: answers[request.method] ?? "{}")
    let list = Array(request.list.utf8)
    let told = try hands.pipeline([
      [Array("LPUSH".utf8), list, element],
      [Array("MEMORY".utf8), Array("USAGE".utf8), list, Array("SAMPLES".utf8), Array("0".utf8)],
    ])
    let weight = told.last?.integer ?? 0
    state.withLock { state in
      state.facts.heaviest = max(state.facts.heaviest, weight)
      if weight > state.allowed { state.facts.overweight.append(weight) }
    }
  }
}

extension ScriptedFleet.State {
  /// The request where it is answered at once.
  fileprivate mutating func take(
    _ request: ScriptedFleet.Request, _ silent: Set<String>
  ) -> ScriptedFleet.Request? {
    let name = request.worker
    facts.asked[name, default: []].append(request.method)
    if owed[name] != nil { facts.askedTwice.append("\(name) \(request.method)") }
    // Nobody fails to answer a ping here: it is asked of all, and would find nobody.
    guard request.method != "ping" else { return request }
    let isLate = dueLate.remove("\(name) \(request.method)") != nil
    guard silent.contains(name) || isLate else { return request }
    owed[name] = request
    return nil
  }
}
