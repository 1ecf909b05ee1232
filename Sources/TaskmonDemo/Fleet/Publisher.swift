import CeleryProtocol
import TaskmonUnits

/// A process that sends tasks: a web server, a beat, or a pool process that retries.
struct Publisher: Sendable, Equatable {
  let pid: Int
  let host: String
  /// Constant for the process and thread.
  let replyTo: String
  var clock = 0

  /// As headers and `task-sent` name it.
  var origin: String { "gen\(pid)@\(host)" }
  var sender: EventEncoder.Sender { EventEncoder.Sender(hostname: origin, pid: pid) }

  init(host: String, random: inout DemoRandom) {
    self.init(host: host, pids: 20...30_000, random: &random)
  }

  init(host: String, pids: ClosedRange<Int>, random: inout DemoRandom) {
    pid = random.whole(pids)
    self.host = host
    replyTo = random.uuid(version: 3)
  }

  /// The Lamport clock moves on by one.
  mutating func tick() -> Int {
    clock += 1
    return clock
  }
}
