import CeleryProtocol
import RedisClient

extension RedisServerError {
  /// What Redis said and, where the user may not, what its access rule lacks.
  func sentence(on layout: KeyLayout) -> String {
    guard code == "NOPERM" else { return message }
    return "\(message); the access rule of the Redis user lacks \(missingRight(layout))"
  }

  private func missingRight(_ layout: KeyLayout) -> String {
    if message.contains("channel") {
      return "&\(String(decoding: layout.controlPattern, as: UTF8.self))"
    }
    let quoted = message.split(separator: "'", omittingEmptySubsequences: false)
    if message.contains(" run the '"), quoted.count >= 3 { return "+\(quoted[1])" }
    return "write access to its key"
  }
}
