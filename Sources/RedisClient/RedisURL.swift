/// Where Redis is and how to log in, as Celery's settings write it.
///
/// Printing it gives the redacted form; the password is reachable through `password` alone.
package struct RedisURL: Sendable, Hashable {
  /// How the server is reached.
  package enum Location: Sendable, Hashable {
    /// `redis://`, `redis+socket://`, `unix://`.
    case plain(RedisEndpoint)
    /// `rediss://`.
    case tls(RedisEndpoint)
    /// `sentinel://`, one endpoint per sentinel.
    case sentinel([RedisEndpoint])
  }

  package private(set) var location: Location
  /// Nil logs in as the default user.
  package private(set) var username: String?
  package private(set) var password: Secret?
  package private(set) var database: Int
  /// The query part, percent-decoded, without what became the database, and without secrets.
  package private(set) var options: [String: String]
  /// How to speak TLS to the server, behind Sentinel to the master; nil: no TLS is spoken.
  package private(set) var tls: TLSOptions?
  /// Meaningful for `sentinel://` alone.
  package private(set) var sentinel: SentinelOptions

  package init(
    location: Location, username: String? = nil, password: Secret? = nil, database: Int = 0,
    options: [String: String] = [:], tls: TLSOptions? = nil,
    sentinel: SentinelOptions = SentinelOptions()
  ) {
    self.location = location
    self.username = username
    self.password = password
    self.database = database
    self.options = options.filter { !URLSecrets.options.contains($0.key) }
    self.sentinel = sentinel
    if case .tls = location { self.tls = tls ?? TLSOptions() } else { self.tls = tls }
  }

  /// The same server and user, another database.
  package func withDatabase(_ database: Int) -> RedisURL {
    var url = self
    url.database = database
    return url
  }

  /// The same server and database, another user; nil and nil log in as nobody.
  package func with(username: String?, password: Secret?) -> RedisURL {
    var url = self
    url.username = username
    url.password = password
    return url
  }

  /// The same server; what `options` say about TLS goes before what the URL says.
  ///
  /// A plain server stays plain. Behind Sentinel the master is asked by TLS as soon as anything is
  /// said about it, the sentinels where the URL or `with(sentinel:)` says so.
  package func with(tls options: TLSOptions) -> RedisURL {
    var url = self
    switch location {
    case .plain: break
    case .tls: url.tls = options.orElse(tls ?? TLSOptions())
    case .sentinel:
      guard tls != nil || options != TLSOptions() else { break }
      url.tls = options.orElse(tls ?? TLSOptions())
    }
    url.sentinel.tls = sentinel.tls.map { options.orElse($0) }
    return url
  }

  /// The same sentinels, asked in another way.
  package func with(sentinel options: SentinelOptions) -> RedisURL {
    var url = self
    url.sentinel = options
    return url
  }

  /// A certificate somewhere on the way is not checked at all: worth a lasting warning.
  package var skipsVerification: Bool {
    tls?.skipsVerification == true
      || (usesSentinel && sentinel.tls?.skipsVerification == true)
  }

  /// Without the password and the options; the user name stays: `redis://monitor@host:6379/0`.
  package var redacted: String {
    let user = username.map { RedisURLText.encoded($0) + "@" } ?? ""
    return switch location {
    case .plain(.unix(let path)):
      "redis+socket://\(user)\(path)" + (database == 0 ? "" : "?virtual_host=\(database)")
    case .plain(let endpoint): "redis://\(user)\(endpoint)/\(database)"
    case .tls(let endpoint): "rediss://\(user)\(endpoint)/\(database)"
    case .sentinel(let endpoints):
      endpoints.map { "sentinel://\(user)\($0)" }.joined(separator: ";") + "/\(database)"
    }
  }

  /// TLS can be spoken on the way: to the server, to the sentinels or to the master they name.
  package var canSpeakTLS: Bool {
    switch location {
    case .plain: false
    case .tls, .sentinel: true
    }
  }

  /// The server is found by Sentinel.
  package var usesSentinel: Bool {
    switch location {
    case .sentinel: true
    case .plain, .tls: false
    }
  }

  /// A private server behind a unix socket.
  package var isUnixSocket: Bool {
    switch location {
    case .plain(.unix): true
    case .plain(.tcp), .tls, .sentinel: false
    }
  }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { redacted }
  package var debugDescription: String { redacted }
  package var customMirror: Mirror { Mirror(self, children: ["redacted": redacted]) }
}

/// Why a text is no Redis URL: a sentence that quotes nothing of the text but its scheme.
///
/// Anything else might be a part of a password that was not percent-encoded.
package struct RedisURLError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
