import CeleryProtocol
import RedisClient

/// A command taskmon uses, and what for.
struct AccessUse: Sendable {
  var command: String
  var grant: String
  /// What stays unknown without it.
  var loses: String

  init(_ command: String, _ grant: String, _ loses: String) {
    self.command = command
    self.grant = grant
    self.loses = loses
  }

  /// Every read, on a key where it does no harm.
  static func reads(_ layout: KeyLayout) -> [(use: AccessUse, command: ReadCommand)] {
    let bindings = layout.binding(exchange: layout.pidboxExchange)
    let result = layout.result(id: "taskmon-doctor")
    let entry = layout.redBeatEntry("taskmon-doctor")
    let queue = layout.messages(of: "celery")
    let zero = Array("0".utf8)
    return [
      (use("PING", "+ping", "whether Redis is alive"), .ping),
      (use("TIME", "+time", "whether the clocks agree, and when tasks are due"), .time),
      (use("INFO", "+info", "memory, role and age of Redis; workers are not asked"), .info()),
      (use("EXISTS", "+exists", "whether Celery is in this database"), .exists(layout.unacked)),
      (use("SCAN", "+scan", "queues, stored results"), .scan(cursor: zero, count: 1)),
      (
        use("SSCAN", "+sscan", "queues by their bindings"),
        .setScan(bindings, cursor: zero, count: 1)
      ),
      (use("LLEN", "+llen", "queue lengths"), .listLength(queue)),
      (use("LRANGE", "+lrange", "the next and the newest message"), .listTail(queue, count: 1)),
      (
        use("MEMORY USAGE", "+memory|usage", "sizes of messages; none is read without"),
        .memoryUsage(queue)
      ),
      (use("HLEN", "+hlen", "unacknowledged messages"), .hashLength(layout.unacked)),
      (
        use("ZRANGE", "+zrange", "the oldest unacknowledged message, RedBeat's schedule"),
        .sortedSetRange(layout.unackedIndex, from: 0, through: 0)
      ),
      (
        use("ZCARD", "+zcard", "the size of RedBeat's schedule"),
        .sortedSetCount(layout.redBeatSchedule)
      ),
      (
        use("HSTRLEN", "+hstrlen", "RedBeat's entries"),
        .hashFieldLength(entry, KeyLayout.redBeatDefinition)
      ),
      (use("HGET", "+hget", "RedBeat's entries"), .hashField(entry, KeyLayout.redBeatDefinition)),
      (use("STRLEN", "+strlen", "sizes of results"), .stringLength(result)),
      (
        use("GETRANGE", "+getrange", "states of results, the holder of beat's lock"),
        .stringRange(result, from: 0, through: 0)
      ),
      (
        use("PTTL", "+pttl", "whether results and beat's lock expire"),
        .millisecondsToLive(layout.redBeatLock)
      ),
    ]
  }

  static func subscriptions(_ layout: KeyLayout) -> [(use: AccessUse, pattern: RedisKey)] {
    [
      (
        use(
          "PSUBSCRIBE \(layout.eventPattern.text)", "+psubscribe",
          "heartbeats, and every start and end of a task"),
        layout.eventPattern
      ),
      (
        use(
          "PSUBSCRIBE \(layout.eventDiscoveryPattern.text)", "+psubscribe",
          "whether Celery speaks on other channels"),
        layout.eventDiscoveryPattern
      ),
    ]
  }

  private static let asking = "what workers run, register and consume"

  static let transaction = use("MULTI", "+multi", asking)
  static let push = use("RPUSH", "+rpush", asking)
  static let expiry = use("EXPIRE", "+expire", asking)
  static let end = use("EXEC", "+exec", asking)
  static let range = use("LRANGE", "+lrange", asking)
  static let trim = use("LTRIM", "+ltrim", asking)
  static let deletion = use("DEL", "+del", "nothing; our reply list then goes after 120 s")
  static let request = use("PUBLISH", "+publish", asking)

  private static func use(_ command: String, _ grant: String, _ loses: String) -> AccessUse {
    AccessUse(command, grant, loses)
  }
}
