extension RedisURL {
  /// Reads a URL as Celery, kombu and redis-py write it.
  package init(_ text: String) throws(RedisURLError) {
    let (scheme, rest) = try RedisURLParser.scheme(of: text)
    switch scheme {
    case .redis: self = try RedisURLParser.network(rest) { .plain($0) }
    case .rediss:
      let url = try RedisURLParser.network(rest) { .tls($0) }
      self = url.with(tls: try TLSOptions(url.options))
    case .socket: self = try RedisURLParser.socket(rest)
    case .sentinel: self = try RedisURLParser.sentinels(rest)
    }
  }
}

/// The parts of a URL, cut as Python's `urlsplit` cuts them.
enum RedisURLParser {
  enum Scheme {
    case redis, rediss, socket, sentinel

    init?(_ name: String) {
      switch name {
      case "redis": self = .redis
      case "rediss": self = .rediss
      case "redis+socket", "socket", "unix": self = .socket
      case "sentinel": self = .sentinel
      default: return nil
      }
    }
  }

  static func scheme(of text: String) throws(RedisURLError) -> (Scheme, Substring) {
    let trimmed = text.drop { $0 == " " }
    guard let colon = trimmed.firstIndex(of: ":"), trimmed[colon...].hasPrefix("://") else {
      throw RedisURLError(
        "this is no Redis URL: it begins with no scheme; write redis://host:6379/0")
    }
    let name = trimmed[..<colon].lowercased()
    guard let scheme = Scheme(name) else {
      let shown = name.utf8.count <= 20 && name.allSatisfy { $0.isASCII && $0.isLetter }
      throw RedisURLError(
        (shown ? "\(name):// is" : "this is")
          + " no Redis URL; known are redis://, rediss://, redis+socket://, unix://, sentinel://")
    }
    return (scheme, trimmed[trimmed.index(colon, offsetBy: 3)...])
  }

  /// `[user:pass@]host[:port][/db][?options]`.
  static func network(
    _ rest: Substring, at location: (RedisEndpoint) -> RedisURL.Location
  ) throws(RedisURLError) -> RedisURL {
    if rest.contains(";redis://") || rest.contains(";rediss://") {
      throw RedisURLError(
        "several servers in one URL are a failover list, of which only one is in use; name that one"
      )
    }
    let parts = Parts(rest)
    let login = Login(parts.authority)
    let endpoint = try endpoint(login.rest, defaultPort: 6379)
    var options = parts.options
    let database = try database(path: parts.path, options: &options)
    let password = takePassword(&options)
    return RedisURL(
      location: location(endpoint), username: login.username,
      password: login.password ?? password, database: database, options: options)
  }

  /// `[user:pass@]/path[?virtual_host=N]`.
  static func socket(_ rest: Substring) throws(RedisURLError) -> RedisURL {
    let parts = Parts(rest)
    let login = Login(parts.authority)
    guard login.rest.isEmpty, parts.path.count > 1 else {
      throw RedisURLError(
        "a socket URL has three slashes and an absolute path: redis+socket:///run/redis.sock")
    }
    let path = RedisURLText.decoded(parts.path)
    guard path.utf8.count <= 107, !path.utf8.contains(0) else {
      throw RedisURLError("the path of a unix socket may have no more than 107 bytes")
    }
    var options = parts.options
    let database = try database(path: "", options: &options)
    let password = takePassword(&options)
    return RedisURL(
      location: .plain(.unix(path: path)), username: login.username,
      password: login.password ?? password, database: database, options: options)
  }

  /// `host[:port][;sentinel://host[:port]]…[/db]`; each part may name the user and password again.
  static func sentinels(_ rest: Substring) throws(RedisURLError) -> RedisURL {
    var endpoints: [RedisEndpoint] = []
    var login = Login("")
    var options: [String: String] = [:]
    var path: Substring = ""
    for piece in rest.split(separator: ";") {
      let parts = Parts(piece.hasPrefix("sentinel://") ? piece.dropFirst(11) : piece)
      let found = Login(parts.authority)
      if found.password != nil || found.username != nil { login = found }
      endpoints.append(try endpoint(found.rest, defaultPort: 26379))
      options.merge(parts.options) { _, new in new }
      if parts.path.count > 1 { path = parts.path }
    }
    guard !endpoints.isEmpty else { throw RedisURLError("the URL names no sentinel") }
    let database = try database(path: path, options: &options)
    let password = takePassword(&options)
    let sentinel = try SentinelOptions(taking: &options)
    let saysMore = options.keys.contains { $0.hasPrefix("ssl_") }
    guard let usesTLS = truth(options["ssl"] ?? (saysMore ? "1" : "0")) else {
      throw RedisURLError("ssl is true or false")
    }
    return RedisURL(
      location: .sentinel(endpoints), username: login.username,
      password: login.password ?? password, database: database, options: options,
      tls: usesTLS ? try TLSOptions(options) : nil, sentinel: sentinel)
  }

  /// What Python's settings take for a truth value; nil for anything else.
  static func truth(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "1", "true", "yes", "on": true
    case "0", "false", "no", "off", "none", "": false
    case _: nil
    }
  }

  private static func takePassword(_ options: inout [String: String]) -> Secret? {
    options.removeValue(forKey: "password").map(Secret.init)
  }

  private static func endpoint(
    _ text: Substring, defaultPort: UInt16
  ) throws(RedisURLError) -> RedisEndpoint {
    var host = text
    var port: Substring = ""
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else {
        throw RedisURLError("an IPv6 address stands between [ and ]")
      }
      host = text[text.index(after: text.startIndex)..<close]
      let tail = text[text.index(after: close)...]
      guard tail.isEmpty || tail.first == ":" else {
        throw RedisURLError("after the ] of an IPv6 address comes :port, / or nothing")
      }
      port = tail.dropFirst()
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard port.isEmpty || (port.allSatisfy(\.isNumber) && UInt16(port).map { $0 > 0 } == true)
    else {
      throw RedisURLError(
        "the port is not a number from 1 to 65535"
          + " (in a password, the characters / ? # @ : are written %2F %3F %23 %40 %3A)")
    }
    let name = host.isEmpty ? "localhost" : RedisURLText.decoded(host)
    return .tcp(host: name, port: UInt16(port) ?? defaultPort)
  }

  /// From the path, else from `virtual_host` or `db`; 0 where none says.
  private static func database(
    path: Substring, options: inout [String: String]
  ) throws(RedisURLError) -> Int {
    let named = [options.removeValue(forKey: "virtual_host"), options.removeValue(forKey: "db")]
    let inPath = RedisURLText.decoded(path.drop { $0 == "/" })
    let text = inPath.isEmpty ? named.compactMap(\.self).first ?? "" : inPath
    let digits = text.hasPrefix("/") ? String(text.dropFirst()) : text
    if digits.isEmpty { return 0 }
    guard let number = Int(digits), number >= 0 else {
      throw RedisURLError("the database is not a number: the URL ends in /0, /1, …")
    }
    return number
  }

  /// Authority, path and options; a fragment is dropped.
  private struct Parts {
    let authority: Substring
    let path: Substring
    let options: [String: String]

    init(_ rest: Substring) {
      let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
      authority = rest[..<end]
      let tail = rest[end...].prefix { $0 != "#" }
      let mark = tail.firstIndex(of: "?") ?? tail.endIndex
      path = tail[..<mark]
      var options: [String: String] = [:]
      for pair in tail[mark...].dropFirst().split(separator: "&") {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = sides.first, !name.isEmpty else { continue }
        options[RedisURLText.decoded(name)] = RedisURLText.decoded(sides.dropFirst().first ?? "")
      }
      self.options = options
    }
  }

  /// User and password before the last `@`; an empty one is none.
  private struct Login {
    let username: String?
    let password: Secret?
    let rest: Substring

    init(_ authority: Substring) {
      guard let at = authority.lastIndex(of: "@") else {
        username = nil
        password = nil
        rest = authority
        return
      }
      rest = authority[authority.index(after: at)...]
      let sides = authority[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false
      ).map { RedisURLText.decoded($0) }
      username = sides.first.flatMap { $0.isEmpty ? nil : $0 }
      password = sides.dropFirst().first.flatMap { $0.isEmpty ? nil : Secret($0) }
    }
  }
}
