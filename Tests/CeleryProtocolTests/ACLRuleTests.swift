import CeleryProtocol
import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("The access rule is exactly what is sent")
struct ACLRuleTests {
  static let layout = KeyLayout(database: 0)
  static let key = RedisKey("celery")
  private static let zero = Array("0".utf8)

  /// Every kind of reading there is, once.
  static let reads: [ReadCommand] = [
    .ping, .time, .info(["server"]), .exists(key), .type(key), .listLength(key),
    .listTail(key, count: 1), .listFront(key, count: 1), .listFront(key, skipping: 1, count: 1),
    .memoryUsage(key), .stringLength(key),
    .stringRange(key, from: 0, through: 1), .millisecondsToLive(key), .hashLength(key),
    .hashFieldLength(key, zero), .hashField(key, zero), .setCount(key), .sortedSetCount(key),
    .sortedSetRange(key, from: 0, through: 1), .scan(cursor: zero, count: 10),
    .setScan(key, cursor: zero, count: 10), .hashScan(key, cursor: zero, count: 10),
    .configuration("maxmemory"),
  ]

  static func writes(_ layout: KeyLayout) -> [any WireCommand] {
    let list = layout.replyList(owner: "1")
    return [
      ReplyListCommand.multi, ReplyListCommand.pushSentinel(list), ReplyListCommand.expire(list),
      ReplyListCommand.exec, ReplyListCommand.multi, ReplyListCommand.takeRange(list),
      ReplyListCommand.keepSentinel(list), ReplyListCommand.exec, ReplyListCommand.delete(list),
      ControlRequest(
        .ping, owner: "1", ticket: "2", expires: Timestamp(secondsSince1970: 1), layout: layout),
      WorkerChange(
        .enableEvents, to: ["celery@w1"], owner: "1", ticket: "2",
        expires: Timestamp(secondsSince1970: 1), layout: layout),
    ]
  }

  static func acts(_ layout: KeyLayout) -> [any WireCommand] {
    [
      OperatorCommand(
        revoking: "a", terminates: true, owner: "1", ticket: "2",
        expires: Timestamp(secondsSince1970: 1), layout: layout)
    ] + OperatorCommand.purge("celery", layout)
  }

  private func user(_ rule: ACLRule, on server: RedisServer) throws -> RedisURL {
    try server.command(
      bytes: [Array("ACL".utf8), Array("SETUSER".utf8)] + rule.words + [Array(">pw".utf8)])
    return try RedisURL(server.socketURL()).with(username: rule.user, password: Secret("pw"))
  }

  private func replies(
    _ commands: [any WireCommand], _ url: RedisURL
  ) async throws -> [RedisReply] {
    let link = RedisLink(
      url: url, time: SystemTime.source, allows: [.read, .replyList, .control, .change, .act])
    return try await link.send(commands)
  }

  /// The command as rules name it.
  private func name(_ command: any WireCommand, among names: [String]) -> String? {
    let words = command.arguments.prefix(2).map { String(decoding: $0, as: UTF8.self).lowercased() }
    return [words.joined(separator: "|"), words[0]].first(where: names.contains)
  }

  @Test("the samples below miss no command")
  func complete() {
    let names = ReadCommand.Word.allCases.map(\.rawValue)
    #expect(Set(Self.reads.map { name($0, among: names) }) == Set(names))
    let others =
      ReplyListCommand.Word.allCases.map(\.rawValue) + ControlRequest.Word.allCases.map(\.rawValue)
    #expect(Set(Self.writes(Self.layout).map { name($0, among: others) }) == Set(others))
    let acts = OperatorCommand.Word.allCases.map(\.rawValue)
    #expect(Set(Self.acts(Self.layout).map { name($0, among: acts) }) == Set(acts))
  }

  @Test("its user runs every command of the closed lists", arguments: ACLRule.Dialect.allCases)
  func everything(_ dialect: ACLRule.Dialect) async throws {
    let server = try await RedisServer()
    let layouts = [
      Self.layout, KeyLayout(database: 0, globalPrefix: "shop*:", resultPrefix: "r:"),
      KeyLayout(database: 0, fanoutPatterns: false),
    ]
    for layout in layouts {
      let url = try user(ACLRule(access: .asking, layout: layout, dialect: dialect), on: server)
      let reads = Self.reads.map { layout.globalPrefix.isEmpty ? $0 : .exists(layout.unacked) }
      let answers = try await replies(reads + Self.writes(layout), url)
      #expect(answers.compactMap(\.error).isEmpty)
      let results = try await replies(
        [ReadCommand.exists(layout.result(id: "1")), ReadCommand.exists(layout.redBeatLock)], url)
      #expect(results == [.integer(0), .integer(0)])
      for pattern in [layout.eventPattern, layout.eventDiscoveryPattern] {
        let heard = try await RedisSubscription.channels(
          matching: pattern, on: url, time: SystemTime.source, for: .milliseconds(20))
        #expect(heard.isEmpty)
      }
    }
  }

  /// A command's name and arity; those of its subcommands where it has any.
  private static func leaves(_ entry: WireValue) -> [(name: String, arity: Int)] {
    guard let fields = entry.array, fields.count >= 10, let name = fields[0].text,
      let arity = fields[1].integer
    else { return [] }
    let inner = (fields[9].array ?? []).flatMap(leaves)
    return inner.isEmpty ? [(name, arity)] : inner
  }

  @Test("and nothing else", arguments: ACLRule.Access.allCases)
  func nothingElse(_ access: ACLRule.Access) async throws {
    let server = try await RedisServer()
    let rule = ACLRule(access: access, layout: Self.layout)
    _ = try user(rule, on: server)
    let commands = try #require(try server.command("COMMAND").array).flatMap(Self.leaves)
    #expect(commands.count > 300)
    // What Redis gives to everybody who is not yet logged in.
    let open: Set = ["auth", "hello", "quit", "reset"]
    for (name, arity) in commands where !open.contains(name) {
      let words = name.split(separator: "|").map { Array($0.utf8) }
      let arguments = Array(repeating: Array("1".utf8), count: max(0, abs(arity) - words.count))
      let answer = try server.command(
        bytes: ["ACL", "DRYRUN", rule.user].map { Array($0.utf8) } + words + arguments)
      let isForbidden = answer.text?.contains("no permissions to run") == true
      #expect(isForbidden != rule.commands.contains(name), "\(name): \(answer)")
    }
    let lines = try #require(try server.command("ACL", "LIST").array).compactMap(\.text)
    let line = try #require(lines.first { $0.hasPrefix("user taskmon ") })
    let granted = line.split(separator: " ").filter { $0.hasPrefix("+") }.map { $0.dropFirst() }
    #expect(Set(granted.map(String.init)) == Set(rule.commands))
  }

  @Test("who only reads can write nothing; who asks, only to lists of ours")
  func writing() async throws {
    let server = try await RedisServer()
    try server.command("RPUSH", "celery", "message")
    let foreign: [any WireCommand] = [
      ReplyListCommand.delete(Self.key), ReplyListCommand.keepSentinel(Self.key),
      ReplyListCommand.pushSentinel(Self.key), ReplyListCommand.expire(Self.key),
    ]
    let asking = try user(ACLRule(access: .asking, layout: Self.layout), on: server)
    #expect(
      try await replies(foreign, asking).map { $0.error?.code }
        == Array(repeating: "NOPERM", count: 4))
    let reading = try user(
      ACLRule(user: "reader", access: .readOnly, layout: Self.layout), on: server)
    let refused = try await replies(
      foreign + Self.writes(Self.layout).filter { type(of: $0).right == .control }, reading)
    #expect(refused.allSatisfy { $0.error?.code == "NOPERM" })
    #expect(try await replies(Self.reads, reading).allSatisfy { $0.error?.code != "NOPERM" })
    #expect(try server.command("LLEN", "celery") == .integer(1))
  }

  @Test("only who may act empties a queue", arguments: ACLRule.Dialect.allCases)
  func emptying(_ dialect: ACLRule.Dialect) async throws {
    let server = try await RedisServer()
    let layout = KeyLayout(database: 0, globalPrefix: "shop*:")
    for name in ["shop*:celery", "shop*:celery\u{6}\u{16}3", "other"] {
      try server.command("RPUSH", name, "message")
    }
    let purge = OperatorCommand.purge("celery", layout)
    let asking = try user(ACLRule(access: .asking, layout: layout, dialect: dialect), on: server)
    #expect(try await replies(purge, asking).contains { $0.error?.code == "NOPERM" })
    #expect(try server.command("LLEN", "shop*:celery") == .integer(1))
    let acting = try user(ACLRule(access: .acting, layout: layout, dialect: dialect), on: server)
    #expect(try OperatorCommand.removed(try await replies(purge, acting)) == 2)
    #expect(try server.command("KEYS", "*") == .array([.bytes(Array("other".utf8))]))
    let beside = OperatorCommand.purge("other", Self.layout)
    #expect(try await replies(beside, acting).contains { $0.error?.code == "NOPERM" })
    let told = try await replies(Self.acts(layout), acting)
    #expect(told.compactMap(\.error).isEmpty)
  }

  @Test("the README shows all three lines")
  func readme() throws {
    let lines = [ACLRule.Access.asking, .readOnly, .acting].map {
      ACLRule(access: $0, layout: Self.layout).line
    }
    let wanted = """
      To see everything:

      ```
      \(lines[0])
      ```

      With `--read-only`:

      ```
      \(lines[1])
      ```

      With `--allow-control`: purging takes the right to empty queues, whatever their names; all
      else are messages to workers, and whoever may ask them may send those.

      ```
      \(lines[2])
      ```

      """
    #expect(try ReadmeSection.text("least-rights", current: wanted) == wanted)
  }

  @Test("the line is what redis-cli takes, whatever the prefix and a new user's channels")
  func line() async throws {
    let rule = ACLRule(access: .readOnly, layout: Self.layout)
    #expect(
      rule.line == """
        ACL SETUSER taskmon reset on %R~* resetchannels &/0.celeryev/* &*celeryev* +client|setname \
        +config|get +exists +getrange +hget +hlen +hscan +hstrlen +info +llen +lrange \
        +memory|usage +ping +psubscribe +pttl +scan +scard +select +sscan +strlen +time +type \
        +zcard +zrange >PASSWORD
        """)
    for channels in ["resetchannels", "allchannels"] {
      try await expectTaken(
        by: try await RedisServer(arguments: ["--acl-pubsub-default", channels]))
    }
  }

  private func expectTaken(by server: RedisServer) async throws {
    let odd = KeyLayout(database: 3, globalPrefix: "a b\"ü*")
    for layout in [Self.layout, odd] {
      for access in ACLRule.Access.allCases {
        let rule = ACLRule(access: access, layout: layout, usesSentinel: true)
        let done = try await Subprocess.run(
          "redis-cli", ["-s", server.socketPath],
          input: Array((rule.line.replacing("PASSWORD", with: "pw") + "\n").utf8))
        #expect(done.outputText == "OK\n", "\(rule.line)")
        let url = try RedisURL(server.socketURL(database: 3))
          .with(username: "taskmon", password: Secret("pw"))
        #expect(
          try await replies([ReadCommand.exists(layout.unacked)], url) == [.integer(0)])
      }
    }
  }
}
