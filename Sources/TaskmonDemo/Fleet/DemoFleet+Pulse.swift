import CeleryProtocol
import TaskmonUnits

// What workers say without being asked.
extension DemoFleet {
  static let heartbeatPeriod = Seconds.seconds(2)

  mutating func beatHeart(of index: Int, at now: Timestamp) {
    guard workers[index].nextHeartbeat <= now else { return }
    let clock = workers[index].tick()
    let event = EventEncoder.heartbeat(
      workers[index].sender, clock: clock, pulse: pulse(of: index),
      at: now + workers[index].clockOffset)
    publish(event, from: workers[index].node, routingKey: "worker.heartbeat")
    workers[index].nextHeartbeat = workers[index].nextHeartbeat + DemoFleet.heartbeatPeriod
  }

  func pulse(of index: Int) -> EventEncoder.Pulse {
    let worker = workers[index]
    let busy = Double(worker.active.count) / Double(max(1, worker.slots))
    let load = (20 + busy * 180).rounded() / 100
    return EventEncoder.Pulse(
      active: worker.active.count, processed: worker.accepted, loadAverage: [load, 0.61, 0.48])
  }

  /// The task events of this turn, at most 24 a message.
  mutating func flushEvents(of index: Int) {
    let events = workers[index].events
    workers[index].events = []
    guard workers[index].sendsTaskEvents else { return }
    for start in stride(from: 0, to: events.count, by: 24) {
      let batch = Array(events[start..<min(start + 24, events.count)])
      publish(.array(batch), from: workers[index].node, routingKey: "task.multi")
    }
  }
}
