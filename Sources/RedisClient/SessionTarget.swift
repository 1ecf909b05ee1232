import TaskmonUnits

/// One server to log in to: where it is, who we are there, and what it is to us.
struct SessionTarget: Sendable {
  enum Role: Sendable, Hashable {
    /// What the URL names.
    case server
    case sentinel
    /// What Sentinel names under this name.
    case master(String)
  }

  let endpoint: RedisEndpoint
  let tls: TLSOptions?
  let username: String?
  let password: Secret?
  let database: Int
  let role: Role
  /// For errors: the redacted URL.
  let shown: String
  let redaction: Redaction

  /// The server of a URL that names it itself.
  init(_ url: RedisURL, at endpoint: RedisEndpoint, role: Role = .server) {
    self.endpoint = endpoint
    self.role = role
    tls = url.tls
    username = url.username
    password = url.password
    database = url.database
    shown = url.redacted
    redaction = Redaction([url.password, url.sentinel.password])
  }

  /// One of the sentinels of a URL.
  init(sentinel endpoint: RedisEndpoint, of url: RedisURL) {
    self.endpoint = endpoint
    role = .sentinel
    tls = url.sentinel.tls
    username = url.sentinel.username
    password = url.sentinel.password
    database = 0
    shown = url.redacted
    redaction = Redaction([url.password, url.sentinel.password])
  }

  var isMaster: Bool {
    switch role {
    case .master: true
    case .server, .sentinel: false
    }
  }

  var isUnixSocket: Bool {
    switch endpoint {
    case .unix: true
    case .tcp: false
    }
  }

  /// An error about this server; what is not in the URL is named besides.
  func error(_ kind: RedisError.Kind, _ detail: String) -> RedisError {
    let subject =
      switch role {
      case .server: ""
      case .sentinel: "sentinel \(endpoint): "
      case .master(let name): "master \(name) at \(endpoint): "
      }
    return RedisError(kind: kind, target: shown, detail: subject + detail)
  }
}

/// What every session of one owner shares.
struct SessionContext: Sendable {
  let time: TimeSource
  let limits: RedisLimits
  let cost: RedisCostCounter
}
