extension Scenario {
  /// A shop on a good day: bursts, retries with back-off, ETA tasks, priorities, late acks.
  static let healthy = Scenario(
    name: "healthy",
    summary: "a shop on a good day: queues fill and drain, retries succeed; nothing to find",
    acts: [])
}
