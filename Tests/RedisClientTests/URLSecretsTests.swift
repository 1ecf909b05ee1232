import RedisClient
import Testing

@Suite("Passwords in URLs are found wherever they stand")
struct URLSecretsTests {
  @Test(
    "the place of each password is known, and nothing else is taken for one",
    arguments: [
      ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
      ("redis://user:p%40w@h", "redis://user:***@h"),
      ("prod=rediss://u:pw@h/1", "prod=rediss://u:***@h/1"),
      ("--broker=prod=redis://:pw@h", "--broker=prod=redis://:***@h"),
      ("TASKMON_BROKER=redis://:pw@h", "TASKMON_BROKER=redis://:***@h"),
      ("redis+socket://:pw@/run/a@b/r.sock", "redis+socket://:***@b/r.sock"),
      ("redis+socket:///run/a:b@c/r.sock", "redis+socket:///run/a:b@c/r.sock"),
      ("redis://u:a@b@h/0", "redis://u:***@h/0"),
      ("redis://u:a/b@h/0", "redis://u:***@h/0"),
      ("redis://u:a#b@h/0", "redis://u:***@h/0"),
      ("redis://u:a?b@h/0", "redis://u:***@h/0"),
      ("redis://u:two words@h/0", "redis://u:***@h/0"),
      ("redis://h/0?password=pw", "redis://h/0?password=***"),
      ("redis://h/0?a=b&password=pw&c=d", "redis://h/0?a=b&password=***&c=d"),
      ("redis://h/0?pass%77ord=pw", "redis://h/0?pass%77ord=***"),
      ("redis://u:p1@h?PASSWORD=p2", "redis://u:***@h?PASSWORD=***"),
      (
        "sentinel://:p1@a;sentinel://:p2@b/0?sentinel_password=p3&master_name=shop",
        "sentinel://:***@a;sentinel://:***@b/0?sentinel_password=***&master_name=shop"
      ),
      ("sentinel://a?password=p1;sentinel://b", "sentinel://a?password=***;sentinel://b"),
      ("rediss://h?ssl_password=pw&ssl_keyfile=/k", "rediss://h?ssl_password=***&ssl_keyfile=/k"),
      ("redis://u@h:6379/0", "redis://u@h:6379/0"),
      ("redis://u:@h", "redis://u:@h"),
      ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
      ("redis://h:6379/0?x=a@b", "redis://h:6379/0?x=a@b"),
      ("redis://h?password=", "redis://h?password="),
      ("--rule", "--rule"), ("celery@host:1", "celery@host:1"), ("://", "://"), ("", ""),
    ])
  func hides(_ text: String, _ hidden: String) {
    #expect(URLSecrets.hidden(text) == hidden)
  }

  @Test("any bytes at all are no trap")
  func garbage() {
    var state: UInt64 = 42
    let alphabet = Array("redis://:@;?&=#%41password\u{0}ü".utf8)
    for _ in 0..<2000 {
      let bytes = (0..<40).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return alphabet[Int(state >> 33) % alphabet.count]
      }
      let ranges = URLSecrets.ranges(in: bytes)
      #expect(ranges.allSatisfy { !$0.isEmpty && $0.upperBound <= bytes.count })
      for (left, right) in zip(ranges, ranges.dropFirst()) {
        #expect(left.upperBound <= right.lowerBound)
      }
    }
  }

  @Test("every option that is secret is left out of what a URL keeps")
  func options() throws {
    let query = URLSecrets.options.map { "\($0)=planted" }.sorted().joined(separator: "&")
    for text in ["redis://h?\(query)&a=b", "sentinel://h?\(query)&a=b"] {
      let url = try RedisURL(text)
      #expect(url.options == ["a": "b"])
      #expect(url.password == Secret("planted"))
    }
    #expect(
      RedisURL(location: .tls(.tcp(host: "h", port: 1)), options: ["password": "p"]).options == [:])
  }
}
