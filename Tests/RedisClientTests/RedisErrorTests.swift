import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("What keeps us from Redis is said in a sentence")
struct RedisErrorTests {
  @Test("a wrong password, a missing one and a superfluous one")
  func passwords() async throws {
    let locked = try await RedisServer(password: "right")
    let open = try await RedisServer()
    let lockedURL = try locked.url()
    let cases = [
      (lockedURL.with(username: nil, password: Secret("wrong")), "wrong"),
      (lockedURL.with(username: "nobody", password: Secret("x")), "wrong"),
      (lockedURL.with(username: nil, password: nil), "asks for a password"),
      (try open.url().with(username: nil, password: Secret("x")), "none set"),
    ]
    for (url, text) in cases {
      let error = await taskmonFailure(url)
      #expect(error?.kind == .authentication)
      #expect(error?.detail.contains(text) == true)
      #expect(error?.target == url.redacted)
    }
  }

  @Test("a database that does not exist, and a user who may not select one")
  func database() async throws {
    let server = try await RedisServer()
    let beyond = await taskmonFailure(try server.url(database: 16))
    #expect(beyond?.kind == .wrongDatabase)
    #expect(beyond?.detail.contains("no database 16") == true)
    try server.command("ACL", "SETUSER", "narrow", "on", ">p", "~*", "+ping", "+exists")
    let narrow = try server.url().with(username: "narrow", password: Secret("p"))
    #expect(await taskmonFailure(narrow) == nil)
    #expect(await taskmonFailure(narrow.withDatabase(1))?.kind == .noPermission)
  }

  @Test("nobody there: no name, no listener, no socket")
  func nobody() async throws {
    let folder = try TemporaryFolder()
    let cases: [(String, RedisError.Kind)] = [
      ("redis://no-such-host.invalid", .nameResolution),
      ("redis://127.0.0.1:\(try freePort())", .refused),
      ("redis+socket://\(folder.path("none"))", .refused),
      ("rediss://127.0.0.1:\(try freePort())", .refused),
      ("sentinel://127.0.0.1:\(try freePort())", .refused),
    ]
    for (text, kind) in cases {
      #expect(await taskmonFailure(try RedisURL(text))?.kind == kind, "\(text)")
    }
  }

  @Test("a node of a cluster is told apart")
  func cluster() async throws {
    let server = try await RedisServer(tcp: true, arguments: ["--cluster-enabled", "yes"])
    #expect(await taskmonFailure(try server.url())?.kind == .cluster)
    #expect(await taskmonFailure(try server.url(database: 1))?.kind == .cluster)
  }

  @Test("a replica that has lost its master and serves nothing stale says so")
  func masterDown() async throws {
    let server = try await RedisServer(arguments: [
      "--replicaof", "127.0.0.1 \(try freePort())", "--replica-serve-stale-data", "no",
    ])
    #expect(await taskmonFailure(try server.url())?.detail.contains("lost its master") == true)
  }

  @Test("a full house, at the first word or at the last")
  func maxClients() async throws {
    let server = try await RedisServer(arguments: ["--maxclients", "1"])
    let only = try await eventuallyValue {
      let client = try server.connect()
      return (try? client.command("PING")) == nil ? nil : client
    }
    let error = await taskmonFailure(try server.url())
    #expect(error?.kind == .refused)
    #expect(error?.detail.contains("maxclients") == true)
    try only.command("PING")
  }

  struct Script: Sendable, CustomTestStringConvertible {
    let answer: String
    let kind: RedisError.Kind
    let text: String
    var testDescription: String { "\(kind)" + text }
  }

  @Test(
    "what is no Redis, and what a live one seldom says",
    arguments: [
      Script(
        answer: "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", kind: .protocolViolation,
        text: "\"HTTP/1.1 400 Bad Request\""),
      Script(answer: "\u{15}\u{3}\u{1}", kind: .protocolViolation, text: "TLS"),
      Script(answer: "$x\r\n", kind: .protocolViolation, text: "length"),
      Script(answer: ":12x\r\n", kind: .protocolViolation, text: "protocol"),
      Script(answer: "*99999999999\r\n", kind: .protocolViolation, text: "elements"),
      Script(
        answer: String(repeating: "*1\r\n", count: 9), kind: .protocolViolation, text: "nested"),
      Script(
        answer: "+" + String(repeating: "a", count: 70_000), kind: .protocolViolation,
        text: "does not end"),
      Script(answer: "", kind: .closed, text: "closed"),
      Script(answer: "-LOADING Redis is loading\r\n", kind: .loading, text: "loading"),
      Script(
        answer: "-DENIED Redis runs in protected mode\r\n", kind: .refused, text: "protected"),
      Script(
        answer: "+PONG\r\n+OK\r\n$0\r\n\r\n-NOAUTH Authentication required.\r\n",
        kind: .authentication,
        text: "password"),
      Script(answer: "+PONG\r\n+OK\r\n$0\r\n\r\n-LOADING x\r\n", kind: .loading, text: "loading"),
      Script(answer: "+PONG\r\n+OK\r\n$0\r\n\r\n-BUSY x\r\n", kind: .other, text: "script"),
      Script(answer: "+PONG\r\n+OK\r\n$0\r\n\r\n", kind: .closed, text: "closed"),
    ])
  func scripted(_ script: Script) async throws {
    let server = try ScriptedServer(answer: script.answer)
    let error = await taskmonFailure(try RedisURL(server.url))
    #expect(error?.kind == script.kind)
    #expect(error?.detail.contains(script.text) == true, "\(error?.detail ?? "none")")
  }

  @Test("a server that accepts and says nothing is a timeout")
  func silent() async throws {
    let server = try ScriptedServer(answer: nil)
    let error = await taskmonFailure(
      try RedisURL(server.url), limits: .quick { $0.connectTimeout = .seconds(0.1) })
    #expect(error?.kind == .timeout)
  }
}
