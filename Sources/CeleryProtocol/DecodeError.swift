/// Why bytes are not what Celery writes.
///
/// Positions are byte offsets into what was being read: the element, or the decoded body.
package enum DecodeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text ended inside a value.
  case truncated(at: Int)
  /// Not JSON at this position.
  case malformed(at: Int)
  /// Nested deeper than any reader of ours follows.
  case tooDeep(at: Int)
  /// More bytes than a reader of ours takes.
  case tooLarge(limit: Int)
  /// More values than a reader of ours keeps.
  case tooManyValues
  /// A value of another type than the field has.
  case wrongType(String)
  /// A field without which the value means nothing.
  case missing(String)
  /// A serializer, compression or protocol that is not read.
  case unsupported(String)

  package var description: String {
    switch self {
    case .truncated(let position): "ends too early, at byte \(position)"
    case .malformed(let position): "not JSON at byte \(position)"
    case .tooDeep(let position): "nested too deep at byte \(position)"
    case .tooLarge(let limit): "larger than \(limit) bytes"
    case .tooManyValues: "has too many values"
    case .wrongType(let field): "\(field) has an unexpected type"
    case .missing(let field): "\(field) is missing"
    case .unsupported(let what): "\(what) is not read"
    }
  }
}
