/// Why Redis could not be asked: what was attempted, on what, what was found, what to do.
///
/// Never holds a password: `target` is the redacted URL.
package struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, Hashable {
    case nameResolution, refused, authentication, tls, timeout, loading, noPermission, cluster
    case closed, wrongDatabase, protocolViolation, other
  }

  package var kind: Kind
  /// The server, redacted: `redis://localhost:6379/0`.
  package var target: String
  /// The rest of the sentence: what failed and what to do.
  package var detail: String

  package init(kind: Kind, target: String, detail: String) {
    self.kind = kind
    self.target = target
    self.detail = detail
  }

  package var description: String { "\(target): \(detail)" }
}
