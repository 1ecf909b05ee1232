package import TaskmonUnits

/// How much one connection may send, take and wait; all of it bounded, checked before allocation.
package struct RedisLimits: Sendable, Hashable {
  /// From the first packet to the end of the handshake, name resolution included.
  package var connectTimeout: Seconds
  /// For one call of `send` or `read`, however many round trips it takes.
  package var batchDeadline: Seconds
  /// Commands in one write; a longer call is split into several round trips.
  package var commandsPerPipeline: Int
  /// The longest single string of a reply.
  package var bulkBytes: Int
  /// The most elements of a single array of a reply.
  package var arrayElements: Int
  /// Arrays within arrays, the outermost included; hiredis itself follows no more than 8.
  package var nesting: Int
  /// All replies of one call together.
  package var batchBytes: Int
  /// The shortest and the longest wait before the next attempt to connect.
  package var backoff: ClosedRange<Seconds>
  /// How often a subscription is asked for a sign of life, and how long one may take.
  package var subscriptionSilence: Seconds
  /// A subscription that was not looked at for longer has stalled; more than a second, for that is
  /// how long a look may take.
  package var subscriptionStall: Seconds
  /// How often a master found by Sentinel is asked whether it still is one.
  package var roleInterval: Seconds

  package init(
    connectTimeout: Seconds = .seconds(5), batchDeadline: Seconds = .seconds(5),
    commandsPerPipeline: Int = 500, bulkBytes: Int = 64 << 20, arrayElements: Int = 1 << 20,
    nesting: Int = 8, batchBytes: Int = 256 << 20,
    backoff: ClosedRange<Seconds> = .seconds(0.2) ... .seconds(5),
    subscriptionSilence: Seconds = .seconds(5), subscriptionStall: Seconds = .seconds(2.5),
    roleInterval: Seconds = .seconds(5)
  ) {
    self.connectTimeout = connectTimeout
    self.batchDeadline = batchDeadline
    self.commandsPerPipeline = max(1, commandsPerPipeline)
    self.bulkBytes = bulkBytes
    self.arrayElements = arrayElements
    self.nesting = min(8, nesting)
    self.batchBytes = batchBytes
    self.backoff = backoff
    self.subscriptionSilence = subscriptionSilence
    self.subscriptionStall = subscriptionStall
    self.roleInterval = roleInterval
  }

  package static let standard = RedisLimits()
}
