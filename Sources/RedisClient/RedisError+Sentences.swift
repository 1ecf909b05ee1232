import Glibc
import TaskmonUnits

/// What failed, put into a sentence that says what to do.
extension SessionTarget {
  /// Where the connection could not be made.
  func failure(_ error: TransportError, connectingWithin limit: Seconds) -> RedisError {
    switch error {
    case .nameResolution(let reason):
      self.error(
        .nameResolution,
        "the host name cannot be resolved (\(reason)); check the host in the URL, and DNS here")
    case .refused:
      self.error(
        .refused, "nobody listens there; is redis-server running, and is the address right?")
    case .timedOut:
      self.error(
        .timeout, "no connection within \(limit.text); is a firewall between, or the host down?")
    case .system(_, ENOENT) where isUnixSocket:
      self.error(
        .refused, "there is no such socket; is redis-server running, and is the path right?")
    case .system(_, EACCES) where isUnixSocket:
      self.error(
        .noPermission, "the socket may not be opened by this user; see unixsocketperm of Redis")
    case .closedByPeer, .interrupted, .system, .tls: failure(.transport(error), waited: limit)
    }
  }

  /// Where a connection that was made failed.
  func failure(_ failure: SessionFailure, waited limit: Seconds) -> RedisError {
    // What is known by its text is told in our own words.
    if case .server(let refusal) = failure, let known = loss(saying: refusal) { return known }
    let (kind, detail) = RedisError.words(for: redaction.told(failure), waited: limit)
    return error(kind, detail)
  }

  /// Where logging in or selecting the database was refused.
  func failure(whileLoggingIn refusal: RedisServerError) -> RedisError {
    if let (kind, detail) = RedisError.words(forConnectionLevel: refusal) {
      return error(kind, detail)
    }
    let shown = Printable.line(redaction.told(refusal).message)
    if refusal.code == "NOPERM" {
      return error(
        .noPermission,
        "the user may not even connect (\(shown)); grant +ping +select +client|setname")
    }
    if refusal.message.contains("DB index") || refusal.message.contains("out of range") {
      return error(
        .wrongDatabase,
        "there is no database \(database); see `databases` in redis.conf, 16 by default")
    }
    return error(.other, "Redis refused the login: \(shown)")
  }

  /// Where a reply to any command says that the connection is of no use; nil for all other errors.
  func loss(saying refusal: RedisServerError) -> RedisError? {
    if isMaster, refusal.code == "READONLY" {
      return error(.other, "it takes no writes, so it is a replica now; a failover is under way")
    }
    return RedisError.words(forConnectionLevel: refusal).map { error($0.0, $0.1) }
  }
}

extension RedisError {
  static let clusterWords =
    "this is a node of a Redis Cluster, which Celery cannot use; name a plain Redis"

  fileprivate static func words(
    for failure: SessionFailure, waited limit: Seconds
  ) -> (Kind, String) {
    switch failure {
    case .transport(let error): words(for: error, waited: limit)
    case .reply(.refused(let refusal)): (.protocolViolation, words(for: refusal))
    case .reply(.malformed(let reason)):
      (.protocolViolation, "this does not speak Redis' protocol (\(reason)); is it Redis?")
    case .server(let error) where error.code == "NOPERM":
      (
        .noPermission,
        "the user may not do this; see ACL SETUSER (\(Printable.line(error.message)))"
      )
    case .server(let error): (.other, "Redis closed with: \(Printable.line(error.message))")
    case .tooMuch(let limit):
      (.other, "the replies of one call are more than \(ByteCount(limit).text); ask for less")
    }
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
    case .tls(let failure): (.tls, failure.words)
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
    case .notRedis(let bytes): "this is not Redis: it answered \"\(Printable.line(bytes))\""
    }
  }

  fileprivate static func words(
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
      (.cluster, clusterWords)
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
      (.cluster, clusterWords)
    } else {
      nil
    }
  }
}
