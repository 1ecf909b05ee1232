/// What Sentinel is asked for, and how we log in there; the master has a login of its own.
package struct SentinelOptions: Sendable, Hashable {
  /// The name the sentinels know the master by; nil: the only one they watch.
  package var masterName: String?
  /// Nil logs in as the default user.
  package var username: String?
  package var password: Secret?
  /// How to speak TLS to the sentinels; nil is without TLS.
  package var tls: TLSOptions?

  package init(
    masterName: String? = nil, username: String? = nil, password: Secret? = nil,
    tls: TLSOptions? = nil
  ) {
    self.masterName = masterName
    self.username = username
    self.password = password
    self.tls = tls
  }

  /// Takes `master_name`, `sentinel_username`, `sentinel_password` and `sentinel_ssl…` of a URL.
  init(taking options: inout [String: String]) throws(RedisURLError) {
    masterName = options["master_name"].flatMap { $0.isEmpty ? nil : $0 }
    username = options["sentinel_username"].flatMap { $0.isEmpty ? nil : $0 }
    password = options.removeValue(forKey: "sentinel_password").map(Secret.init)
    let saysMore = options.keys.contains { $0.hasPrefix("sentinel_ssl_") }
    guard let speaks = RedisURLParser.truth(options["sentinel_ssl"] ?? (saysMore ? "1" : "0"))
    else { throw RedisURLError("sentinel_ssl is true or false") }
    tls = speaks ? try TLSOptions(options, prefix: "sentinel_") : nil
  }
}
