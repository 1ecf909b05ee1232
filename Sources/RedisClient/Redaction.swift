/// Keeps what a server says from repeating our passwords: the one place where that is done.
///
/// Our own sentences never hold a password; a server's may, where it quotes what it was sent.
struct Redaction: Sendable {
  /// Any stretch of this many bytes of a password gives it away.
  private static let telling = 4
  private static let hidden = "(it repeats a password and is not shown)"
  private let secrets: [[UInt8]]

  init(_ secrets: [Secret?]) {
    self.secrets = secrets.compactMap { $0?.revealed }.filter { !$0.isEmpty }
  }

  /// The error as it may be told.
  ///
  /// Its code stays, which is the server's and decides what the error means.
  func told(_ error: RedisServerError) -> RedisServerError {
    guard repeats(Array(error.message.utf8)) else { return error }
    let isWord = error.code.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    let code = isWord && !repeats(Array(error.code.utf8)) ? error.code : "ERR"
    return RedisServerError(message: "\(code) \(Self.hidden)")
  }

  /// The reply as it may be told.
  func told(_ reply: RedisReply) -> RedisReply {
    guard !secrets.isEmpty, case .error(let error) = reply else { return reply }
    return .error(told(error))
  }

  /// The failure as it may be told.
  func told(_ failure: SessionFailure) -> SessionFailure {
    switch failure {
    case .server(let error): .server(told(error))
    case .reply(.refused(.notRedis(let bytes))) where repeats(bytes):
      .reply(.refused(.notRedis(Array(Self.hidden.utf8))))
    case .transport(.tls(.notTLS(let bytes))) where repeats(bytes):
      .transport(.tls(.notTLS(Array(Self.hidden.utf8))))
    case .transport, .reply, .tooMuch: failure
    }
  }

  private func repeats(_ text: [UInt8]) -> Bool {
    secrets.contains { secret in
      let length = min(Self.telling, secret.count)
      return (0...(secret.count - length)).contains { start in
        contains(text, secret[start..<(start + length)])
      }
    }
  }

  private func contains(_ text: [UInt8], _ part: ArraySlice<UInt8>) -> Bool {
    guard text.count >= part.count, let first = part.first else { return false }
    return (0...(text.count - part.count)).contains {
      text[$0] == first && text[$0..<($0 + part.count)].elementsEqual(part)
    }
  }
}
