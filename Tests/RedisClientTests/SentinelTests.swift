import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("The master is found by Sentinel, and found again")
struct SentinelTests {
  private func value(_ link: RedisLink) async -> String? {
    let replies = try? await link.read([
      .stringRange(RedisKey("where"), from: 0, through: -1)
    ])
    return replies?.first?.bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("named or the only one, by any sentinel that answers")
  func finds() async throws {
    let group = try await SentinelGroup()
    try group.first.command("SET", "where", "master")
    let dead = "sentinel://127.0.0.1:\(try freePort())"
    let urls = [
      try group.url(), try group.url(""),
      try RedisURL("\(dead);\(group.address)/0?master_name=shop"),
      try RedisURL("\(group.address);\(dead)/0").with(
        sentinel: SentinelOptions(masterName: "shop")),
    ]
    for url in urls {
      let link = RedisLink(url: url, time: time, limits: .quick())
      #expect(await value(link) == "master", "\(url)")
    }
  }

  @Test("a wrong name, no sentinel, a Redis in its place, and a Sentinel in a Redis' place")
  func refuses() async throws {
    let group = try await SentinelGroup()
    let dead = try freePort()
    let plain = group.first.port ?? 0
    let sentinel = group.sentinel.port ?? 0
    let cases: [(String, RedisError.Kind, [String])] = [
      ("\(group.address)/0?master_name=mail", .other, ["no master \"mail\"", "one of: shop"]),
      (
        "sentinel://127.0.0.1:\(dead);sentinel://127.0.0.1:\(dead)/0", .refused,
        ["none of the 2 sentinels", "sentinel 127.0.0.1:\(dead): nobody listens"]
      ),
      ("sentinel://127.0.0.1:\(plain)/0", .other, ["not a Sentinel"]),
      ("redis://127.0.0.1:\(sentinel)/0", .other, ["sentinel://127.0.0.1:\(sentinel)"]),
      ("redis://127.0.0.1:\(sentinel)/3", .other, ["sentinel://127.0.0.1:\(sentinel)"]),
      (
        "\(group.address)/99?master_name=shop", .wrongDatabase,
        ["master shop at 127.0.0.1:\(plain)", "no database 99"]
      ),
    ]
    for (text, kind, words) in cases {
      let error = await taskmonFailure(try RedisURL(text))
      #expect(error?.kind == kind, "\(text)")
      for word in words { #expect(error?.detail.contains(word) == true, "\(error?.detail ?? "")") }
    }
    try group.sentinel.command(
      "SENTINEL", "MONITOR", "mail", "127.0.0.1", "\(plain)", "1")
    let several = await taskmonFailure(try group.url(""))
    #expect(several?.detail.contains("name the master: --sentinel-master is one of: ") == true)
  }

  @Test("the sentinel has a login of its own, and the master has another")
  func logins() async throws {
    let group = try await SentinelGroup(password: "behind", sentinelPassword: "before")
    let right = try group.url(
      "?master_name=shop&sentinel_password=before", login: ":behind@")
    #expect(await taskmonFailure(right) == nil)
    let noneBefore = try group.url(login: ":behind@")
    let before = await taskmonFailure(noneBefore)
    #expect(before?.kind == .authentication)
    #expect(before?.detail.contains("sentinel 127.0.0.1") == true)
    let behind = await taskmonFailure(
      try group.url("?master_name=shop&sentinel_password=before"))
    #expect(behind?.kind == .authentication)
    #expect(behind?.detail.contains("master shop") == true)
    #expect(await taskmonFailure(noneBefore.with(sentinel: right.sentinel)) == nil)
  }

  @Test("a killed master: link and subscription are with the new one, by themselves")
  func failover() async throws {
    let group = try await SentinelGroup()
    try group.first.command("SET", "where", "shared")
    let link = RedisLink(
      url: try group.url(), time: time, limits: .quick(), allows: [.read, .replyList])
    let signals = Collected<Heard>()
    let subscription = RedisSubscription(
      url: try group.url(), time: time, limits: .quick(), patterns: [RedisKey("news")])
    let task = Task { await subscription.hear { signals.add($0) } }
    defer { task.cancel() }
    try await eventually { signals.all.count == 1 }
    #expect(await value(link) == "shared")
    try await eventually { try group.second.command("GET", "where").text == "shared" }

    let begun = ContinuousClock.now
    try await group.first.kill9()
    try await eventually(within: 60) {
      let replies = try? await link.send([ReplyListCommand.expire(RedisKey("none"))])
      return replies == [.integer(0)]
    }
    print("failover: a write succeeds again after \(ContinuousClock.now - begun)")
    #expect(await value(link) == "shared")
    guard case .up = link.state else {
      Issue.record("\(link.state)")
      return
    }
    try await eventually {
      if case .subscribed = signals.all.last { true } else { false }
    }
    try group.second.command("PUBLISH", "news", "from the new master")
    try await eventually {
      if case .messages(let messages, _) = signals.all.last {
        messages.first?.payload == Array("from the new master".utf8)
      } else {
        false
      }
    }
  }

  @Test("a master that steps down unnoticed is left: by its role, or by the first write it refuses")
  func stepsDown() async throws {
    for interval in [Seconds.zero, .seconds(600)] {
      let group = try await SentinelGroup()
      try group.first.command("SET", "where", "old")
      let link = RedisLink(
        url: try group.url(), time: time, limits: .quick { $0.roleInterval = interval },
        allows: [.read, .replyList])
      #expect(await value(link) == "old")
      // Sentinel does not notice within its ten seconds of asking for the role.
      try group.first.command("REPLICAOF", "127.0.0.1", "\(group.second.port ?? 0)")
      let error = await #expect(throws: RedisError.self) {
        try await link.send([ReplyListCommand.delete(RedisKey("none"))])
      }
      #expect(error?.detail.contains("replica") == true, "\(error?.detail ?? "none")")
      guard case .down = link.state else {
        Issue.record("\(link.state)")
        continue
      }
    }
  }

  @Test("a user who may not ask for the role is served on Sentinel's word")
  func roleForbidden() async throws {
    let group = try await SentinelGroup()
    try group.first.command(
      "ACL", "SETUSER", "narrow", "on", ">pw", "~*", "+ping", "+exists", "+info", "+client|setname")
    let url = try group.url(login: "narrow:pw@")
    #expect(await taskmonFailure(url, limits: .quick { $0.roleInterval = .zero }) == nil)
  }

  @Test("TLS to the sentinel and to the master, each as it is told")
  func secure() async throws {
    let made = try await Certificates()
    let pair = try await made.sign("good", for: "IP:127.0.0.1")
    let port = try freePort()
    let secure = [
      "--tls-cert-file", pair.certificate, "--tls-key-file", pair.key, "--tls-auth-clients", "no",
      "--tls-ca-cert-file", made.authority.certificate,
    ]
    let master = try await RedisServer.secure(pair, port: port)
    let sentinelPort = try freePort()
    let sentinel = try await RedisServer(
      arguments: ["--sentinel", "--tls-port", "\(sentinelPort)"] + secure,
      configuration: "sentinel monitor shop 127.0.0.1 \(port) 1\n")
    let ca = made.authority.certificate
    let url = "sentinel://127.0.0.1:\(sentinelPort)/0"
    let both = "?ssl_ca_certs=\(ca)&sentinel_ssl_ca_certs=\(ca)"
    #expect(await taskmonFailure(try RedisURL(url + both)) == nil)
    let flags = try RedisURL(url + "?ssl=true&sentinel_ssl=true").with(tls: TLSOptions(caFile: ca))
    #expect(await taskmonFailure(flags) == nil)
    #expect(!flags.skipsVerification)
    let strange = await taskmonFailure(try RedisURL(url + "?sentinel_ssl=true"))
    #expect(strange?.kind == .tls)
    #expect(strange?.detail.contains("sentinel 127.0.0.1") == true)
    let half = await taskmonFailure(try RedisURL(url + "?sentinel_ssl_ca_certs=\(ca)"))
    #expect(half?.detail.contains("master shop") == true, "\(half?.detail ?? "none")")
    #expect(try RedisURL(url + "?sentinel_ssl_cert_reqs=none").skipsVerification)
    withExtendedLifetime((master, sentinel)) {}
  }
}
