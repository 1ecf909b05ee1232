import TaskmonModel
import TaskmonServer
import TaskmonUnits
import Testing

@Suite("The HTTP server's limits")
struct ServerLimitsTests {
  @Test("answers several requests on one connection")
  func keepAlive() async throws {
    try await RunningServer.run { server in
      let wire = try Wire(port: server.port)
      for _ in 0..<3 {
        wire.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(Reply(try await wire.readResponse()).status == 200)
      }
    }
  }

  @Test(
    "says 431 to a head that is too big, and ends the connection",
    arguments: [
      "X: " + String(repeating: "x", count: 20_000),
      (0..<400).map { "X-\($0): " + String(repeating: "y", count: 50) }.joined(separator: "\r\n"),
      (0..<100).map { "X-\($0): 1" }.joined(separator: "\r\n"),
    ])
  func bigHead(headers: String) async throws {
    try await RunningServer.run { server in
      let wire = try Wire(port: server.port)
      wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\n")
      #expect(Reply(try await wire.readToEnd()).status == 431)
    }
  }

  @Test("accepts no more connections than its limit until one ends")
  func connections() async throws {
    try await RunningServer.run(limits: ServerLimits(connections: 2)) { server in
      var held: [Wire] = []
      for _ in 0..<2 {
        let wire = try Wire(port: server.port)
        wire.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(Reply(try await wire.readResponse()).status == 200)
        held.append(wire)
      }
      let waiting = try Wire(port: server.port)
      waiting.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
      held[1].send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(Reply(try await held[1].readResponse()).status == 200)
      #expect(!waiting.hasInput)
      held.removeFirst()
      #expect(Reply(try await waiting.readResponse()).status == 200)
    }
  }

  @Test(
    "ends a connection that sends no whole head, or no whole body",
    arguments: [
      "", "GET / HTTP/1.1\r\nHost: loc",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc",
    ])
  func slow(begin: String) async throws {
    let limits = ServerLimits(idle: .milliseconds(300), exchange: .milliseconds(300))
    try await RunningServer.run(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.send(begin)
      let answer = Reply(try await wire.readToEnd())
      #expect(answer.status == (begin.hasPrefix("POST") ? 405 : 0))
    }
  }

  @Test("does not wait for ever for a client that reads nothing")
  func unread() async throws {
    var state = RunningServer.state()
    guard var snapshot = state.history.latest else { return }
    snapshot.queues = .value(
      (0..<1_000).map { number in
        QueueFacts(
          name: "\(number)" + String(repeating: "x", count: 500),
          priorities: [PriorityLength(step: 0, ready: 1)])
      })
    state.history.absorb(snapshot)
    let limits = ServerLimits(connections: 1, exchange: .milliseconds(500))
    try await RunningServer.run(state: state, limits: limits) { server in
      let deaf = try Wire(port: server.port)
      for _ in 0..<40 { deaf.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n") }
      #expect(Reply(try await deaf.readResponse(hasBody: false)).status == 200)
      let other = try Wire(port: server.port)
      other.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
      let reply = Reply(try await other.readResponse())
      #expect(reply.status == 200)
    }
  }

  @Test("stops when cancelled, though a connection is idle, and ends that too")
  func stops() async throws {
    let idle = Holder()
    try await RunningServer.run { server in
      let wire = try Wire(port: server.port)
      wire.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(Reply(try await wire.readResponse()).status == 200)
      idle.hold(wire)
    }
    let rest = try await idle.wire?.readToEnd()
    #expect(rest == "")
  }

  @Test("says in one sentence that its port is in use")
  func portInUse() async throws {
    try await RunningServer.run { server in
      let address = ListenAddress(host: "127.0.0.1", port: server.port)
      let second = RunningServer.make(listen: address, state: nil)
      let error = await #expect(throws: ListenFailure.self) { try await second.run() }
      #expect(
        error?.description
          == "cannot listen on \(address): the port is in use; choose another with --listen")
    }
  }

  @Test("says that an address is not of this machine")
  func foreignAddress() async throws {
    let address = ListenAddress(host: "192.0.2.1", port: 0)
    let server = RunningServer.make(listen: address, state: nil)
    let error = await #expect(throws: ListenFailure.self) { try await server.run() }
    #expect(
      error?.description == "cannot listen on 192.0.2.1:0: this machine has no such address")
  }
}
