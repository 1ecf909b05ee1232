import RedisClient
import TaskmonTestSupport
import Testing

@Suite("Redis URLs are read as Celery writes them")
struct RedisURLTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let url: RedisURL
    var testDescription: String { text }

    init(
      _ text: String, _ location: RedisURL.Location, user: String? = nil, password: String? = nil,
      database: Int = 0, options: [String: String] = [:]
    ) {
      self.text = text
      url = RedisURL(
        location: location, username: user, password: password.map { Secret($0) },
        database: database, options: options)
    }
  }

  static let cases = [
    Case("redis://", .plain(.tcp(host: "localhost", port: 6379))),
    Case("redis://localhost", .plain(.tcp(host: "localhost", port: 6379))),
    Case("REDIS://h:7001/3", .plain(.tcp(host: "h", port: 7001)), database: 3),
    Case("redis://h//", .plain(.tcp(host: "h", port: 6379))),
    Case("redis://h:/1", .plain(.tcp(host: "h", port: 6379)), database: 1),
    Case("redis://:pw@h/1", .plain(.tcp(host: "h", port: 6379)), password: "pw", database: 1),
    Case(
      "redis://u:p%40s%2Fs%3A@h", .plain(.tcp(host: "h", port: 6379)), user: "u", password: "p@s/s:"
    ),
    Case("redis://u:a@b@h", .plain(.tcp(host: "h", port: 6379)), user: "u", password: "a@b"),
    Case("redis://u@h", .plain(.tcp(host: "h", port: 6379)), user: "u"),
    Case("redis://u:100%@h", .plain(.tcp(host: "h", port: 6379)), user: "u", password: "100%"),
    Case("redis://[::1]:6380/2", .plain(.tcp(host: "::1", port: 6380)), database: 2),
    Case("redis://[fe80::1]", .plain(.tcp(host: "fe80::1", port: 6379))),
    Case(
      "redis://h/1?visibility_timeout=43200&x=a%20b&flag",
      .plain(.tcp(host: "h", port: 6379)), database: 1,
      options: ["visibility_timeout": "43200", "x": "a b", "flag": ""]),
    Case("redis://h?db=4", .plain(.tcp(host: "h", port: 6379)), database: 4),
    Case("redis://h?password=s", .plain(.tcp(host: "h", port: 6379)), password: "s"),
    Case(
      "rediss://u:p@h:1/5", .tls(.tcp(host: "h", port: 1)), user: "u", password: "p", database: 5),
    Case("redis+socket:///run/redis.sock", .plain(.unix(path: "/run/redis.sock"))),
    Case(
      "redis+socket://:p@/run/a%20b.sock?virtual_host=2&k=v",
      .plain(.unix(path: "/run/a b.sock")), password: "p", database: 2, options: ["k": "v"]),
    Case("redis+socket:///s?virtual_host=/7", .plain(.unix(path: "/s")), database: 7),
    Case("unix:///run/redis.sock?db=3", .plain(.unix(path: "/run/redis.sock")), database: 3),
    Case(
      "sentinel://a:1;sentinel://:p@b/4",
      .sentinel([.tcp(host: "a", port: 1), .tcp(host: "b", port: 26379)]), password: "p",
      database: 4),
    Case(
      "redis://u:p@h?password=s&ssl_cert_reqs=none", .plain(.tcp(host: "h", port: 6379)),
      user: "u", password: "p", options: ["ssl_cert_reqs": "none"]),
  ]

  struct Secured: Sendable, CustomTestStringConvertible {
    let text: String
    var tls: TLSOptions?
    var sentinel = SentinelOptions()
    var testDescription: String { text }
  }

  @Test(
    "what a URL says about TLS and Sentinel, as Celery writes it",
    arguments: [
      Secured(text: "redis://h?ssl_ca_certs=/ca"),
      Secured(text: "rediss://h", tls: TLSOptions()),
      Secured(text: "rediss://h?ssl_cert_reqs=CERT_NONE", tls: TLSOptions(skipsVerification: true)),
      Secured(text: "rediss://h?ssl_cert_reqs=none", tls: TLSOptions(skipsVerification: true)),
      Secured(text: "rediss://h?ssl_cert_reqs=CERT_OPTIONAL", tls: TLSOptions()),
      Secured(
        text: "rediss://h?ssl_cert_reqs=required&ssl_ca_certs=%2Fca&ssl_certfile=/c&ssl_keyfile=/k",
        tls: TLSOptions(caFile: "/ca", certificateFile: "/c", keyFile: "/k")),
      Secured(
        text: "rediss://h?ssl_check_hostname=False&ssl_ca_path=/certs",
        tls: TLSOptions(caFile: "/certs", skipsHostName: true)),
      Secured(text: "sentinel://a"),
      Secured(text: "sentinel://a?ssl=true", tls: TLSOptions()),
      Secured(
        text: "sentinel://a?ssl_ca_certs=/ca&master_name=shop&sentinel_username=u"
          + "&sentinel_password=p",
        tls: TLSOptions(caFile: "/ca"),
        sentinel: SentinelOptions(masterName: "shop", username: "u", password: Secret("p"))),
      Secured(
        text: "sentinel://a;sentinel://b?sentinel_ssl_ca_certs=/ca&sentinel_ssl_cert_reqs=none",
        sentinel: SentinelOptions(tls: TLSOptions(caFile: "/ca", skipsVerification: true))),
    ])
  func secured(_ example: Secured) throws {
    let url = try RedisURL(example.text)
    #expect(url.tls == example.tls)
    #expect(url.sentinel == example.sentinel)
    #expect(!url.options.keys.contains("sentinel_password"))
  }

  @Test("flags go before the URL, leave the rest, and make no plain server a secure one")
  func flags() throws {
    let flags = TLSOptions(certificateFile: "/mine", serverName: "n")
    #expect(
      try RedisURL("rediss://h?ssl_ca_certs=/ca&ssl_certfile=/c&ssl_keyfile=/k").with(tls: flags)
        .tls
        == TLSOptions(caFile: "/ca", certificateFile: "/mine", serverName: "n"))
    #expect(try RedisURL("redis://h").with(tls: flags).tls == nil)
    #expect(try RedisURL("sentinel://h").with(tls: TLSOptions()).tls == nil)
    #expect(try RedisURL("sentinel://h").with(tls: flags).tls == flags)
    #expect(try RedisURL("sentinel://h").with(tls: flags).sentinel.tls == nil)
    #expect(try RedisURL("sentinel://h?sentinel_ssl=1").with(tls: flags).sentinel.tls == flags)
    let careless = TLSOptions(skipsVerification: true)
    #expect(try RedisURL("rediss://h").with(tls: careless).skipsVerification)
    #expect(try !RedisURL("redis://h").with(tls: careless).skipsVerification)
  }

  @Test("every form gives server, user, database and options", arguments: cases)
  func parses(_ example: Case) throws {
    #expect(try RedisURL(example.text) == example.url)
  }

  @Test(
    "what is no Redis URL is refused without quoting a part that may be a password",
    arguments: [
      "", "localhost:6379", "amqp://u:hidden@h", "redis://u:hid/hidden@h:x", "redis://h:0",
      "redis://h:65536", "redis://h:+5", "redis://h/hidden", "redis://h/-1",
      "redis://h/99999999999999999999", "redis://:hidden@[::1", "redis://[::1]x",
      "redis+socket://run/hidden", "redis+socket://", "unix:///", "sentinel://", "sentinel://a:b",
      "redis://a:hidden@h;redis://b", "hidden:pass://x", "rediss://h?ssl_cert_reqs=hidden",
      "rediss://h?ssl_check_hostname=hidden", "sentinel://h?sentinel_ssl=hidden",
      "sentinel://h?ssl=hidden",
      "unix:///\(String(repeating: "x", count: 107))",
    ])
  func refuses(_ text: String) {
    let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
    #expect(error?.description.isEmpty == false)
    #expect(error?.description.contains("hidden") == false)
  }

  @Test("a hex digit that is none and a cut-off escape stay as they are")
  func brokenEscapes() throws {
    #expect(try RedisURL("redis://:%zz%4@h").password == Secret("%zz%4"))
  }

  @Test(
    "the redacted form keeps the user and drops password and options",
    arguments: [
      ("redis://", "redis://localhost:6379/0"),
      ("redis://u%2F:hidden@h:1/2?a=hidden", "redis://u%2F@h:1/2"),
      ("redis://:hidden@[::1]", "redis://[::1]:6379/0"),
      ("rediss://:hidden@h", "rediss://h:6379/0"),
      ("redis+socket://:hidden@/s?virtual_host=3", "redis+socket:///s?virtual_host=3"),
      ("redis+socket:///s", "redis+socket:///s"),
      ("sentinel://:hidden@a;sentinel://b/1", "sentinel://a:26379;sentinel://b:26379/1"),
    ])
  func redacts(_ text: String, _ redacted: String) throws {
    #expect(try RedisURL(text).redacted == redacted)
  }

  @Test("no way of printing a URL or a password shows the password")
  func neverPrinted() throws {
    let url = try RedisURL("redis://u:hidden@h?x=hidden")
    var dumped = ""
    dump(url, to: &dumped)
    dump([url.password], to: &dumped)
    dumped += "\(url) \(String(reflecting: url)) \(String(describing: url.password))"
    dumped += String(reflecting: Secret("hidden"))
    #expect(!dumped.contains("hidden"))
    #expect(url.password?.revealed == Array("hidden".utf8))
  }

  @Test("another database and another user leave the rest alone")
  func variations() throws {
    let url = try RedisURL("redis://u:p@h/1?k=v")
    #expect(url.withDatabase(5) == (try RedisURL("redis://u:p@h/5?k=v")))
    #expect(
      url.with(username: nil, password: Secret("q")) == (try RedisURL("redis://:q@h/1?k=v")))
  }
}
