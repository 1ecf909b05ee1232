import Foundation
import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("A connection asks a real Redis")
struct RedisConnectionTests {
  private func connected(
    _ url: RedisURL, limits: RedisLimits = .quick(), allows rights: CommandRights = [.read]
  ) async throws -> RedisConnection {
    let connection = RedisConnection(url: url, time: time, limits: limits, allows: rights)
    try await connection.connect()
    return connection
  }

  @Test("it reads over the unix socket and over TCP, in the database of the URL")
  func reads() async throws {
    let server = try await RedisServer(tcp: true, arguments: ["--bind", "127.0.0.1 ::1"])
    try server.command("SET", "where", "zero")
    try server.command("SET", "where", "three", database: 3)
    let urls = [
      (server.socketURL(), "zero"), (server.socketURL(database: 3), "three"),
      (try server.tcpURL(), "zero"), (try server.tcpURL(database: 3), "three"),
      ("redis://localhost:\(server.port ?? 0)/3", "three"),
      ("redis://[::1]:\(server.port ?? 0)/3", "three"),
    ]
    for (text, expected) in urls {
      let connection = try await connected(try RedisURL(text))
      let replies = try await connection.read([
        .stringRange(RedisKey("where"), from: 0, through: -1), .stringLength(RedisKey("none")),
      ])
      #expect(replies == [.bytes(Array(expected.utf8)), .integer(0)])
    }
  }

  @Test("it logs in with a password, and as an ACL user, and names itself")
  func logsIn() async throws {
    let server = try await RedisServer(password: "s p/ä")
    try server.command(
      "ACL", "SETUSER", "monitor", "on", ">wörd", "~*", "+ping", "+select", "+exists",
      "+client|setname")
    let plain = try server.url(database: 2).with(username: nil, password: Secret("s p/ä"))
    let user = plain.with(username: "monitor", password: Secret("wörd"))
    for url in [plain, user] {
      let connection = try await connected(url)
      #expect(try await connection.read([.exists(RedisKey("k"))]) == [.integer(0)])
      #expect(try server.command("CLIENT", "LIST").text?.contains("name=taskmon") == true)
      await connection.close()
    }
  }

  @Test("a key of the wrong type and a forbidden command are values, the rest is answered")
  func errorsAreValues() async throws {
    let server = try await RedisServer()
    try server.command("SET", "string", "x")
    try server.command("ACL", "SETUSER", "default", "-time")
    let connection = try await connected(try server.url())
    let replies = try await connection.read([
      .listLength(RedisKey("string")), .time, .stringLength(RedisKey("string")),
    ])
    #expect(replies.map { $0.error?.code } == ["WRONGTYPE", "NOPERM", nil])
    #expect(replies.last == .integer(1))
  }

  @Test("keys and values are bytes, whatever they are")
  func binary() async throws {
    let server = try await RedisServer()
    let key: [UInt8] = [0, 13, 10, 0xff, 0x20, 0xc3]
    let value = (0...255).map { UInt8($0) }
    try server.command(bytes: [Array("SET".utf8), key, value])
    let connection = try await connected(try server.url())
    #expect(
      try await connection.read([.stringRange(RedisKey(bytes: key), from: 0, through: -1)])
        == [.bytes(value)])
    let scanned = try await connection.read([.scan(cursor: Array("0".utf8), count: 10)])
    #expect(scanned == [.array([.bytes(Array("0".utf8)), .array([.bytes(key)])])])
  }

  @Test("five thousand commands are ten round trips, each reply in its place, all counted")
  func pipeline() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<5000).map { [Array("SET".utf8), Array("\($0)".utf8), Array("v\($0)".utf8)] })
    let connection = try await connected(try server.url())
    let before = connection.cost
    let replies = try await connection.read(
      (0..<5000).map { .stringRange(RedisKey("\($0)"), from: 0, through: -1) })
    #expect(replies == (0..<5000).map { .bytes(Array("v\($0)".utf8)) })
    let after = connection.cost
    #expect(after.roundTrips - before.roundTrips == 10)
    #expect(after.commands["GETRANGE"] == 5000)
    #expect(after.total - before.total == 5000)
    #expect(
      after.bytesIn - before.bytesIn
        == replies.reduce(0) { sum, reply in
          let count = reply.bytes?.count ?? 0
          return sum + count + "$\(count)\r\n\r\n".utf8.count
        })
    #expect(after.connects == 1)
  }

  @Test("no command at all is no round trip")
  func empty() async throws {
    let server = try await RedisServer()
    let connection = try await connected(try server.url())
    let before = connection.cost
    #expect(try await connection.read([]) == [])
    #expect(connection.cost == before)
  }

  @Test("a blocked Redis is a timeout, and the connection is closed then")
  func deadline() async throws {
    let server = try await RedisServer()
    let connection = try await connected(
      try server.url(), limits: .quick { $0.batchDeadline = .seconds(0.2) })
    server.suspend()
    let late = await #expect(throws: RedisError.self) { try await connection.read([.ping]) }
    #expect(late?.kind == .timeout)
    #expect(late?.target == (try server.url().redacted))
    #expect(late?.detail.contains("0.2s") == true)
    server.resume()
    let later = await #expect(throws: RedisError.self) { try await connection.read([.ping]) }
    #expect(later?.kind == .closed)
    try await connection.connect()
    #expect(try await connection.read([.ping]) == [.status("PONG")])
  }

  @Test("cancelling the task ends a call that waits, at once")
  func cancellation() async throws {
    let server = try await RedisServer()
    let connection = try await connected(
      try server.url(), limits: .quick { $0.batchDeadline = .seconds(600) })
    server.suspend()
    let before = connection.cost.roundTrips
    let call = Task { try await connection.read([.ping]) }
    try await eventually { connection.cost.roundTrips > before }
    call.cancel()
    #expect(await call.result.failure?.kind == .closed)
  }

  @Test("a value of more than 64 MiB is refused when it is announced")
  func tooLarge() async throws {
    let server = try await RedisServer()
    try server.command("SETRANGE", "big", "\((64 << 20))", "x")
    let connection = try await connected(try server.url())
    let before = connection.cost.bytesIn
    let error = await #expect(throws: RedisError.self) {
      try await connection.read([.stringRange(RedisKey("big"), from: 0, through: -1)])
    }
    #expect(error?.kind == .protocolViolation)
    #expect(error?.detail.contains("64.0 MiB") == true)
    #expect(connection.cost.bytesIn - before <= 1 << 16)
  }

  @Test("the limits on one value, one array and one call hold at the limit and fail one over")
  func atTheLimits() async throws {
    let server = try await RedisServer()
    // Logging in takes less than that.
    let long = String(repeating: "x", count: 3000)
    try server.command("SET", "3000", long)
    try server.command("SET", "3001", long + "x")
    try server.command("RPUSH", "list", "a", "b", "c", "d")
    let limits = RedisLimits.quick {
      $0.bulkBytes = 3000
      $0.arrayElements = 3
      $0.batchBytes = 9000
    }
    let whole: (String) -> ReadCommand = { .stringRange(RedisKey($0), from: 0, through: -1) }
    let list = RedisKey("list")
    let good: [[ReadCommand]] = [[whole("3000")], [.listFront(list, count: 3)]]
    for commands in good {
      let connection = try await connected(try server.url(), limits: limits)
      #expect(try await connection.read(commands).count == commands.count)
    }
    let bad: [([ReadCommand], RedisError.Kind)] = [
      ([whole("3001")], .protocolViolation), ([.listFront(list, count: 4)], .protocolViolation),
      ([whole("3000"), whole("3000"), whole("3000")], .other),
    ]
    for (commands, kind) in bad {
      let connection = try await connected(try server.url(), limits: limits)
      let error = await #expect(throws: RedisError.self) { try await connection.read(commands) }
      #expect(error?.kind == kind)
    }
  }

  @Test("a right that was not given is refused before anything is sent")
  func rights() async throws {
    let server = try await RedisServer(tcp: true)
    let reading = try await connected(try server.url())
    let cost = reading.cost
    let refused = await #expect(throws: RedisError.self) {
      try await reading.send([ReadCommand.ping, ReplyListCommand.multi])
    }
    #expect(refused?.kind == .noPermission)
    #expect(reading.cost == cost)
    #expect(try await reading.read([.ping]) == [.status("PONG")])

    let key = RedisKey("taskmon-x")
    let writing = try await connected(try server.url(), allows: [.read, .replyList])
    let replies = try await writing.send([
      ReplyListCommand.multi, ReplyListCommand.pushSentinel(key), ReplyListCommand.expire(key),
      ReplyListCommand.exec,
    ])
    #expect(replies.last == .array([.integer(1), .integer(1)]))

    let far = try RedisURL(try server.tcpURL())
    let demo = await #expect(throws: RedisError.self) {
      try await connected(far, allows: [.read, .demo])
    }
    #expect(demo?.kind == .noPermission)
    let link = RedisLink(url: far, time: time, allows: [.read, .demo])
    let refusedLink = await #expect(throws: RedisError.self) { try await link.read([.ping]) }
    #expect(refusedLink?.kind == .noPermission)
    #expect(link.cost.connects == 0)
  }

  @Test("connections leave no descriptor behind, good or bad")
  func noLeak() async throws {
    let server = try await RedisServer(tcp: true)
    let good = try server.url()
    let wrong = try RedisURL(try server.tcpURL(database: 99))
    let absent = try RedisURL("redis://127.0.0.1:\(try freePort())")
    let before = try descriptors()
    for _ in 0..<200 {
      #expect(await taskmonFailure(good) == nil)
      #expect(await taskmonFailure(wrong)?.kind == .wrongDatabase)
      #expect(await taskmonFailure(absent)?.kind == .refused)
    }
    // Other tests of this process open some of their own meanwhile, but not as many as these would.
    #expect(try descriptors() - before < 150)
    try await eventually("the asking client is the only one") {
      try server.command("CLIENT", "LIST").text?.split(separator: "\n").count == 1
    }
  }

  private func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  @Test("replies that come byte by byte are whole in the end")
  func dribble() async throws {
    let server = try ScriptedServer(
      answer: "+PONG\r\n+OK\r\n$0\r\n\r\n*3\r\n$-1\r\n*-1\r\n*3\r\n:-1\r\n$0\r\n\r\n*0\r\n",
      byteByByte: true)
    let connection = try await connected(try RedisURL(server.url))
    #expect(
      try await connection.read([.ping]) == [
        .array([.null, .null, .array([.integer(-1), .bytes([]), .array([])])])
      ])
  }
}

extension Result {
  var failure: RedisError? {
    guard case .failure(let error) = self else { return nil }
    return error as? RedisError
  }
}
