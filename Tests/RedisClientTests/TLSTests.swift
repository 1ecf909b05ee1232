import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("TLS to a real Redis")
struct TLSTests {
  private func url(
    _ port: UInt16, host: String = "localhost", _ options: String = ""
  ) throws -> RedisURL {
    try RedisURL("rediss://\(host):\(port)/0\(options)")
  }

  @Test("the right name, an address, IPv6, and a name given besides; by option and by flag")
  func rightName() async throws {
    let made = try await Certificates()
    let pair = try await made.sign("good", for: "DNS:localhost,IP:127.0.0.1,IP:::1")
    let port = try freePort()
    let server = try await RedisServer.secure(pair, port: port)
    try server.command("SET", "k", "v")
    let trusted = TLSOptions(caFile: made.authority.certificate)
    let option = "?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=\(made.authority.certificate)"
    var named = trusted
    named.serverName = "localhost"
    let urls = [
      try url(port, option), try url(port).with(tls: trusted),
      try url(port, host: "127.0.0.1").with(tls: trusted),
      try url(port, host: "[::1]").with(tls: trusted),
      try url(port, host: "127.0.0.1").with(tls: named),
      try url(port, option + "&ssl_cert_reqs=optional"),
    ]
    for url in urls {
      #expect(await taskmonFailure(url) == nil, "\(url)")
      #expect(!url.skipsVerification)
    }
  }

  @Test("a large pipeline and large values go through, and the link comes back after a cut")
  func traffic() async throws {
    let made = try await Certificates()
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("good", for: "DNS:localhost"), port: port)
    let long = String(repeating: "x", count: 1 << 20)
    try server.command("SET", "long", long)
    let trusted = try url(port).with(tls: TLSOptions(caFile: made.authority.certificate))
    let link = RedisLink(url: trusted, time: time, limits: .quick())
    let reads = (0..<3000).map { ReadCommand.stringRange(RedisKey("long"), from: $0, through: $0) }
    let replies = try await link.read(reads)
    #expect(replies == reads.map { _ in .bytes(Array("x".utf8)) })
    let whole = try await link.read([.stringRange(RedisKey("long"), from: 0, through: -1)])
    #expect(whole == [.bytes(Array(long.utf8))])
    #expect(link.cost.connects == 1)
    // Session tickets lie unread on the socket: only the farewell behind them is a reason to leave.
    try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    #expect(try await link.read([.ping]) == [.status("PONG")])
    #expect(link.cost.connects == 2)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let names: String
    var days = 2
    var change: @Sendable (inout TLSOptions) -> Void = { _ in }
    let words: [String]
    var testDescription: String { words[0] }
  }

  @Test(
    "what is wrong with a certificate is named",
    arguments: [
      Refusal(
        names: "DNS:redis.example.org,IP:10.1.2.3",
        words: ["not for localhost but for", "redis.example.org, 10.1.2.3"]),
      Refusal(names: "DNS:localhost", days: -1, words: ["expired on 20"]),
      Refusal(
        names: "DNS:localhost", change: { $0.caFile = nil },
        words: ["authority not known here", "Test Authority"]),
      Refusal(
        names: "DNS:localhost", change: { $0.caFile = "/nonexistent/ca.crt" },
        words: ["trusted authorities", "/nonexistent/ca.crt"]),
      Refusal(
        names: "DNS:localhost", change: { $0.certificateFile = "/nonexistent/me.crt" },
        words: ["our client certificate", "/nonexistent/me.crt"]),
      Refusal(
        names: "DNS:localhost", change: { $0.serverName = "127.0.0.1" },
        words: ["not for 127.0.0.1 but for localhost"]),
    ])
  func refused(_ refusal: Refusal) async throws {
    let made = try await Certificates()
    let pair = try await made.sign("some", for: refusal.names, days: refusal.days)
    let port = try freePort()
    let server = try await RedisServer.secure(pair, port: port)
    var options = TLSOptions(caFile: made.authority.certificate)
    refusal.change(&options)
    let error = await taskmonFailure(try url(port).with(tls: options))
    #expect(error?.kind == .tls)
    for word in refusal.words {
      #expect(error?.detail.contains(word) == true, "\(error?.detail ?? "none")")
    }
    // Whoever takes that upon himself is let through, and can be told so.
    let careless = try url(port, "?ssl_cert_reqs=none")
    #expect(careless.skipsVerification)
    #expect(await taskmonFailure(careless) == nil)
    withExtendedLifetime(server) {}
  }

  @Test("without a check of the name another name will do, another authority will not")
  func nameAlone() async throws {
    let made = try await Certificates()
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("other", for: "DNS:example.org"), port: port)
    let lax = "?ssl_check_hostname=false"
    let known = lax + "&ssl_ca_certs=\(made.authority.certificate)"
    #expect(await taskmonFailure(try url(port, known)) == nil)
    #expect(await taskmonFailure(try url(port, lax))?.detail.contains("not known here") == true)
    withExtendedLifetime(server) {}
  }

  @Test("a client certificate is asked for, given, and refused", arguments: ["TLSv1.2", "TLSv1.3"])
  func clientCertificate(_ version: String) async throws {
    let made = try await Certificates()
    let strangers = try await Certificates()
    let mine = try await made.sign("me", for: "DNS:me")
    let stranger = try await strangers.sign("me", for: "DNS:me")
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("good", for: "DNS:localhost"), clients: made.authority, port: port,
      arguments: ["--tls-protocols", version])
    let none = TLSOptions(caFile: made.authority.certificate)
    let missing = await taskmonFailure(try url(port).with(tls: none))
    #expect(missing?.kind == .tls)
    #expect(
      missing?.detail.contains("asks for a client certificate") == true, "\(missing?.detail ?? "")")
    var given = none
    given.certificateFile = mine.certificate
    given.keyFile = mine.key
    #expect(await taskmonFailure(try url(port).with(tls: given)) == nil)
    given.certificateFile = stranger.certificate
    let mixed = await taskmonFailure(try url(port).with(tls: given))
    #expect(mixed?.detail.contains("belongs to another") == true, "\(mixed?.detail ?? "")")
    given.keyFile = stranger.key
    let refused = await taskmonFailure(try url(port).with(tls: given))
    #expect(refused?.kind == .tls)
    #expect(
      refused?.detail.contains("does not accept our client certificate") == true,
      "\(refused?.detail ?? "")")
    withExtendedLifetime(server) {}
  }

  @Test("a server too old for TLS 1.2 is refused")
  func tooOld() async throws {
    let made = try await Certificates()
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("good", for: "DNS:localhost"), port: port,
      arguments: ["--tls-protocols", "TLSv1.1", "--tls-ciphers", "DEFAULT@SECLEVEL=0"])
    let error = await taskmonFailure(
      try url(port).with(tls: TLSOptions(caFile: made.authority.certificate)))
    #expect(error?.kind == .tls)
    withExtendedLifetime(server) {}
  }

  @Test("TLS where none is spoken, and none where TLS is spoken")
  func notTLS() async throws {
    let made = try await Certificates()
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("good", for: "DNS:localhost"), port: port)
    let plain = await taskmonFailure(try RedisURL("redis://localhost:\(port)"))
    #expect(plain?.detail.contains("rediss://") == true, "\(plain?.detail ?? "none")")
    // What Redis says to a greeting depends on its random bytes: an error, silence, or goodbye.
    let open = try await RedisServer(tcp: true)
    let error = await taskmonFailure(
      try url(open.port ?? 0), limits: .quick { $0.connectTimeout = .seconds(0.5) })
    #expect(error?.kind == .tls)
    #expect(error?.detail.contains("redis://") == true, "\(error?.detail ?? "none")")
    withExtendedLifetime(server) {}
  }

  @Test("a subscription hears over TLS, and ends at once when it is cancelled")
  func subscription() async throws {
    let made = try await Certificates()
    let port = try freePort()
    let server = try await RedisServer.secure(
      try await made.sign("good", for: "DNS:localhost"), port: port)
    let signals = Collected<Heard>()
    let subscription = RedisSubscription(
      url: try url(port).with(tls: TLSOptions(caFile: made.authority.certificate)), time: time,
      limits: .quick { $0.subscriptionSilence = .seconds(600) }, patterns: [RedisKey("a.*")])
    let task = Task { await subscription.hear { signals.add($0) } }
    try await eventually { signals.all.count == 1 }
    try server.command("PUBLISH", "a.1", "one")
    try await eventually { signals.all.count == 2 }
    guard case .messages(let messages, _) = signals.all[1] else { return }
    #expect(
      messages == [SubscriptionMessage(channel: Array("a.1".utf8), payload: Array("one".utf8))])
    task.cancel()
    await task.value
    #expect(signals.all.count == 2)
  }

  @Test("cancelling ends a handshake that hangs")
  func cancelledHandshake() async throws {
    let server = try await RedisServer(tcp: true)
    let connection = RedisConnection(
      url: try url(server.port ?? 0), time: time,
      limits: .quick { $0.connectTimeout = .seconds(600) })
    server.suspend()
    let before = connection.cost.connects
    let call = Task { try await connection.connect() }
    try await eventually { connection.cost.connects > before }
    call.cancel()
    #expect(await call.result.failure?.kind == .closed)
    server.resume()
  }
}
