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
  /// The query part, percent-decoded, without what became the database or the password.
  package private(set) var options: [String: String]

  package init(
    location: Location, username: String? = nil, password: Secret? = nil, database: Int = 0,
    options: [String: String] = [:]
  ) {
    self.location = location
    self.username = username
    self.password = password
    self.database = database
    self.options = options
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
