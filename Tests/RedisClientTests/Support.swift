import RedisClient
import Synchronization
import TaskmonTestSupport
import TaskmonUnits
import Testing

let time = SystemTime.source

extension RedisLimits {
  /// Impatient, for tests of what takes too long.
  static func quick(_ change: (inout RedisLimits) -> Void = { _ in }) -> RedisLimits {
    var limits = RedisLimits(
      connectTimeout: .seconds(10), batchDeadline: .seconds(10),
      backoff: .milliseconds(10) ... .milliseconds(50))
    change(&limits)
    return limits
  }
}

extension RedisServer {
  func url(database: Int = 0) throws -> RedisURL { try RedisURL(socketURL(database: database)) }

  /// The error of a first read over such a connection.
  func failure(_ url: RedisURL, limits: RedisLimits = .quick()) async -> RedisError? {
    await taskmonFailure(url, limits: limits)
  }
}

extension SentinelGroup {
  func url(_ options: String = "?master_name=shop", login: String = "") throws -> RedisURL {
    try RedisURL("sentinel://\(login)127.0.0.1:\(sentinel.port ?? 0)/0\(options)")
  }
}

/// The error of connecting and reading; nil where both succeed.
func taskmonFailure(_ url: RedisURL, limits: RedisLimits = .quick()) async -> RedisError? {
  let connection = RedisConnection(url: url, time: time, limits: limits)
  do throws(RedisError) {
    try await connection.connect()
    _ = try await connection.read([.exists(RedisKey("k"))])
    return nil
  } catch {
    return error
  }
}

/// Collects what a callback is given.
final class Collected<Element: Sendable>: Sendable {
  private let state = Mutex<[Element]>([])

  var all: [Element] { state.withLock { $0 } }
  func add(_ element: Element) { state.withLock { $0.append(element) } }
}
