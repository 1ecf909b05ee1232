import Glibc
import TaskmonUnits

/// What failed, put into a sentence that says what to do.
extension RedisError {
  /// Where the connection could not be made.
  init(_ error: TransportError, connectingTo url: RedisURL, within limit: Seconds) {
    let (kind, detail): (Kind, String) =
      switch error {
      case .nameResolution(let reason):
        (
          .nameResolution,
          "the host name cannot be resolved (\(reason)); check the host in the URL, and DNS here"
        )
      case .refused:
        (.refused, "nobody listens there; is redis-server running, and is the address right?")
      case .timedOut:
        (.timeout, "no connection within \(limit.text); is a firewall between, or the host down?")
      case .system(_, ENOENT) where url.isUnixSocket:
        (.refused, "there is no such socket; is redis-server running, and is the path right?")
      case .system(_, EACCES) where url.isUnixSocket:
        (.noPermission, "the socket may not be opened by this user; see unixsocketperm of Redis")
      case .unsupported(.tls):
        (
          .tls,
          "TLS is not built yet; use redis:// to a port without TLS, or a tunnel such as stunnel"
        )
      case .unsupported(.sentinel):
        (.other, "Sentinel is not built yet; name the master itself: redis://host:6379/0")
      case .closedByPeer, .interrupted, .system: Self.words(for: error, waited: limit)
      }
    self.init(kind: kind, target: url.redacted, detail: detail)
  }

  /// Where a connection that was made failed.
  init(_ failure: SessionFailure, target: String, waited limit: Seconds) {
    let (kind, detail): (Kind, String) =
      switch failure {
      case .transport(let error): Self.words(for: error, waited: limit)
      case .reply(.refused(let refusal)): (.protocolViolation, Self.words(for: refusal))
      case .reply(.malformed(let reason)):
        (.protocolViolation, "this does not speak Redis' protocol (\(reason)); is it Redis?")
      case .server(let error) where error.code == "NOPERM":
        (.noPermission, "the user may not do this; see ACL SETUSER (\(error.shown))")
      case .server(let error):
        Self.words(forConnectionLevel: error) ?? (.other, "Redis closed with: \(error.shown)")
      case .tooMuch(let limit):
        (.other, "the replies of one call are more than \(ByteCount(limit).text); ask for less")
      }
    self.init(kind: kind, target: target, detail: detail)
  }

  /// Where logging in or selecting the database was refused.
  init(whileLoggingIn error: RedisServerError, to url: RedisURL) {
    let (kind, detail): (Kind, String) =
      if let known = Self.words(forConnectionLevel: error) {
        known
      } else if error.code == "NOPERM" {
        (
          .noPermission,
          "the user may not even connect (\(error.shown)); grant +ping +select +client|setname"
        )
      } else if error.message.contains("DB index") || error.message.contains("out of range") {
        (
          .wrongDatabase,
          "there is no database \(url.database); see `databases` in redis.conf, 16 by default"
        )
      } else {
        (.other, "Redis refused the login: \(error.shown)")
      }
    self.init(kind: kind, target: url.redacted, detail: detail)
  }

  /// Where a reply to any command says that the connection is of no use; nil for all other errors.
  init?(whileInUse error: RedisServerError, target: String) {
    guard let (kind, detail) = Self.words(forConnectionLevel: error) else { return nil }
    self.init(kind: kind, target: target, detail: detail)
  }

  private static func words(
    for error: TransportError, waited limit: Seconds
  ) -> (Kind, String) {
    switch error {
    case .closedByPeer:
      (.closed, "Redis closed the connection; it was stopped, or has cut us off (see its log)")
    case .timedOut:
      (.timeout, "no answer within \(limit.text); Redis is blocked or overloaded, see SLOWLOG GET")
    case .interrupted: (.closed, "we ended the connection ourselves")
    case .nameResolution(let reason): (.nameResolution, reason)
    case .refused: (.refused, "nobody listens there")
    case .unsupported: (.other, "there is no way to it yet")
    case .system(let call, let code):
      (.other, "\(call): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")")
    }
  }

  private static func words(for refusal: ReplyGuard.Refusal) -> String {
    switch refusal {
    case .bulk(let bytes):
      "a single value of \(ByteCount(bytes).text) was on its way, more than is ever read"
    case .array(let count): "a reply of \(count) elements was on its way, more than is ever read"
    case .nesting: "a reply is nested deeper than is ever read"
    case .line: "a reply line does not end; is it Redis?"
    case .length: "a reply's length is no number; is it Redis?"
    case .notRedis(let bytes) where bytes.first == 0x15:
      "the server speaks TLS there; use rediss://"
    case .notRedis(let bytes): "this is not Redis: it answered \"\(printable(bytes))\""
    }
  }

  private static func printable(_ bytes: [UInt8]) -> String {
    let line = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    let shown = line.map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: ".") }
    return String(decoding: shown, as: UTF8.self)
  }

  private static func words(
    forConnectionLevel error: RedisServerError
  ) -> (Kind, String)? {
    switch error.code {
    case "NOAUTH":
      (.authentication, "Redis asks for a password; put user and password into the URL")
    case "WRONGPASS": (.authentication, "user name or password is wrong, or the user is disabled")
    case "LOADING": (.loading, "Redis is loading its data and answers when that is done")
    case "MASTERDOWN":
      (.other, "this replica has lost its master and serves no stale data; name the master")
    case "BUSY": (.other, "Redis is running a script and answers nothing else; see SCRIPT KILL")
    case "MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT":
      (.cluster, "this is a node of a Redis Cluster, which Celery cannot use; name a plain Redis")
    case "DENIED":
      (
        .refused,
        "Redis is in protected mode and takes no connections from other machines;"
          + " give it a password or a bind address"
      )
    case "ERR": words(forGenericError: error.message)
    default: nil
    }
  }

  /// Errors that have no code of their own; the texts are those of Redis 5 to 7.
  private static func words(forGenericError message: String) -> (Kind, String)? {
    if message.contains("invalid password") {
      (.authentication, "the password is wrong")
    } else if message.contains("AUTH") && message.contains("password") {
      (.authentication, "the URL has a password, but Redis has none set; leave it out")
    } else if message.contains("max number of clients") {
      (.refused, "Redis has as many clients as it allows; see maxclients and CLIENT LIST")
    } else if message.contains("SELECT is not allowed in cluster mode") {
      (.cluster, "this is a node of a Redis Cluster, which Celery cannot use; name a plain Redis")
    } else {
      nil
    }
  }
}

extension RedisServerError {
  /// At most one short line, without control characters.
  fileprivate var shown: String {
    String(message.unicodeScalars.prefix(160).map { $0.value < 0x20 ? " " : Character($0) })
  }
}
