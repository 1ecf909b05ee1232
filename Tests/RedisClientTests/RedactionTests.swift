import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("A planted password appears nowhere")
struct RedactionTests {
  private static let planted = "pl4nted"

  /// Everything an error, a URL and a link can be made to say.
  private func said(_ url: RedisURL, _ error: RedisError?, _ link: RedisLink? = nil) -> String {
    var text = ""
    dump(url, to: &text)
    dump(error, to: &text)
    dump(url.sentinel, to: &text)
    dump(url.options, to: &text)
    if let link {
      dump(link.state, to: &text)
      text += "\(link.cost)"
    }
    text += "\(url) \(String(reflecting: url)) \(url.redacted) \(url.sentinel)"
    text += " \(String(describing: error)) \(String(reflecting: error)) \(error?.target ?? "")"
    return text
  }

  private func expectSilence(_ text: String, limits: RedisLimits = .quick()) async throws {
    let url = try RedisURL(text)
    let link = RedisLink(url: url, time: time, limits: limits)
    var found: RedisError?
    do throws(RedisError) { _ = try await link.read([.exists(RedisKey("k"))]) } catch {
      found = error
    }
    #expect(found != nil, "this was to fail: \(url)")
    let said = said(url, found, link)
    for length in [4, 5, 6, 7] {
      #expect(!said.contains(Self.planted.prefix(length)), "\(found?.detail ?? "none")")
    }
  }

  @Test("in no error of a server that is away, closed, locked, secured, or somebody else")
  func errors() async throws {
    let made = try await Certificates()
    let securePort = try freePort()
    let secure = try await RedisServer.secure(
      try await made.sign("other", for: "DNS:example.org"), port: securePort)
    let locked = try await RedisServer(tcp: true, password: "right")
    let open = try await RedisServer(tcp: true)
    let cluster = try await RedisServer(tcp: true, arguments: ["--cluster-enabled", "yes"])
    try cluster.command("ACL", "SETUSER", "u", "on", ">\(Self.planted)", "+@all", "~*")
    try open.command("ACL", "SETUSER", "u", "on", ">\(Self.planted)", "+@all", "~*", "-exists")
    let login = "u:\(Self.planted)@"
    let dead = try freePort()
    let ports = (open.port ?? 0, locked.port ?? 0, cluster.port ?? 0)
    for text in [
      "redis://\(login)no-such-host.invalid", "redis://\(login)127.0.0.1:\(dead)",
      "redis+socket://\(login)/nonexistent/redis.sock", "redis://\(login)127.0.0.1:\(ports.1)",
      "redis://127.0.0.1:\(ports.1)?password=\(Self.planted)",
      "redis://x@127.0.0.1:\(ports.1)?password=\(Self.planted)",
      "redis://y:\(Self.planted)@127.0.0.1:\(ports.1)?password=\(Self.planted)",
      "redis://\(login)127.0.0.1:\(ports.0)/99", "redis://\(login)127.0.0.1:\(ports.2)",
      "redis://:\(Self.planted)@127.0.0.1:\(ports.0)", "redis://\(login)127.0.0.1:\(securePort)",
      "rediss://\(login)127.0.0.1:\(securePort)",
      "rediss://\(login)127.0.0.1:\(dead)?ssl_certfile=/nonexistent",
      "sentinel://\(login)127.0.0.1:\(ports.0)/0?sentinel_password=\(Self.planted)",
      "sentinel://\(login)127.0.0.1:\(ports.1)/0?sentinel_password=\(Self.planted)",
      "sentinel://\(login)127.0.0.1:\(dead)/0?sentinel_password=\(Self.planted)",
    ] {
      try await expectSilence(text, limits: .quick { $0.connectTimeout = .seconds(2) })
    }
    withExtendedLifetime(secure) {}
  }

  @Test(
    "not even where the server repeats it, whole or cut off",
    arguments: [
      "-ERR unknown command 'AUTH', with args beginning with: 'u' 'pl4nted'\r\n",
      "-pl4nted\r\n", "-NOPERM pl4nted\r\n",
      "AUTH u pl4nted\r\n", "HTTP/1.1 400 Bad Request for the word AUTH of user u pl4nte",
      "+OK\r\n-ERR max pl4nted\r\n",
    ])
  func echoes(_ answer: String) async throws {
    let server = try ScriptedServer(answer: answer)
    let url = server.url.replacing("redis+socket://", with: "redis+socket://u:\(Self.planted)@")
    let error = await taskmonFailure(try RedisURL(url))
    let said = said(try RedisURL(url), error)
    #expect(error != nil)
    for length in [4, 5, 6, 7] {
      #expect(!said.contains(Self.planted.prefix(length)), "\(error?.detail ?? "none")")
    }
  }

  @Test("not even in an error that is a value")
  func values() async throws {
    let server = try ScriptedServer(
      answer: "+OK\r\n+PONG\r\n-ERR pl4nted\r\n-ERR pl4nted\r\n-NOPERM pl4nted\r\n-ERR no\r\n")
    let url = server.url.replacing("redis+socket://", with: "redis+socket://u:\(Self.planted)@")
    let link = RedisLink(url: try RedisURL(url), time: time, limits: .quick())
    let replies = try await link.read([.exists(RedisKey("k")), .ping])
    #expect(
      replies.map { $0.error?.message } == [
        "NOPERM (it repeats a password and is not shown)", "ERR no",
      ])
  }

  @Test("a short password hides a server's words, and no word of ours")
  func short() async throws {
    let server = try ScriptedServer(answer: "-ERR do not send me a\r\n")
    let url = server.url.replacing("redis+socket://", with: "redis+socket://:a@")
    let error = await taskmonFailure(try RedisURL(url))
    #expect(error?.detail == "Redis closed with: ERR (it repeats a password and is not shown)")
    // A password that is a word of the server's: what is known by its text stays known.
    let open = try await RedisServer()
    let known = await taskmonFailure(
      try open.url().with(username: nil, password: Secret("password")))
    #expect(known?.detail.contains("none set") == true, "\(known?.detail ?? "none")")
  }
}
