import CeleryProtocol
package import RedisClient
package import TaskmonUnits

/// A simulated Celery installation as pure state: time and taken messages in, writes out.
///
/// It knows how Celery behaves and nothing of connections: `step` gives what all its processes
/// write and which lists they take from next, `receive` is told what they got.
package struct DemoFleet: Sendable {
  /// One worker's taking of one message.
  package struct Take: Sendable, Equatable {
    package let worker: Int
    package let list: RedisKey
  }

  /// What is sent in one go; the takes come after the writes.
  package struct Round: Sendable, Equatable {
    package var writes: [DemoCommand]
    package var takes: [Take]
  }

  /// An act of the scenario that has not been played, or is to be played again.
  struct Pending: Sendable {
    let act: Scenario.Act
    var due: Timestamp
  }

  var shop: Shop
  let layout: KeyLayout
  let address: String
  let tasksPerSecond: Double
  var workers: [DemoWorker]
  var publishers: [Publisher]
  var beats: [DemoBeat] = []
  var random: DemoRandom
  /// Answers have a source of their own: a question changes nothing in the story.
  var replyRandom: DemoRandom
  var outbox: [DemoCommand] = []
  /// How many messages lie in each list, by what was written and taken.
  var waiting: [RedisKey: Int] = [:]
  /// Messages in lists, by delivery tag.
  var inFlight: [String: OutgoingTask] = [:]
  /// How a run is told to end, by the task's id.
  var prescribed: [String: DemoWorker.Fate] = [:]
  /// Messages that the scenario is not done with.
  var unfinished: [OutgoingTask] = []
  /// Nobody publishes anything but what the scenario does.
  var isQuiet = false
  /// Lines of workers' logs since they were taken last, by the worker's number.
  var logLines: [(worker: Int, line: String)] = []
  var pending: [Pending]
  var nextPublish: Timestamp
  var nextMailing: Timestamp
  var nextReporting: Timestamp
  var nextDeadlines: Timestamp
  var lastStep: Timestamp
  /// Whose turn it is to take first; Redis serves the consumer that has waited longest.
  private var nextTaker = 0

  /// `address` is the broker as Celery's settings name it.
  package init(_ options: DemoOptions, address: String, at now: Timestamp) {
    var random = DemoRandom(seed: options.seed)
    shop = Shop(queues: options.queues)
    layout = KeyLayout(database: options.scenario.database)
    self.address = address
    tasksPerSecond = options.tasksPerSecond
    workers = Staffing(shop, options).workers(at: now, random: &random)
    publishers = (1...2).map { Publisher(host: "web-\($0)", random: &random) }
    replyRandom = DemoRandom(seed: random.next())
    pending = options.scenario.acts.map { Pending(act: $0, due: now + $0.after) }
    nextPublish = now
    nextMailing = now + .seconds(8)
    nextReporting = now + .seconds(12)
    nextDeadlines = now
    lastStep = now
    self.random = random
    beats.append(firstBeat(at: now))
    options.scenario.prepare(&self, now)
  }

  /// What processes write when they start: bindings, RedBeat's schedule, `worker-online`.
  ///
  /// What the scenario begins with is there as well, before anybody can look.
  package mutating func begin(at now: Timestamp) -> [DemoCommand] {
    for worker in workers { declare(worker) }
    refreshDeadlines(at: now)
    writeSchedule(at: now)
    for index in workers.indices {
      let clock = workers[index].tick()
      let event = EventEncoder.online(
        workers[index].sender, clock: clock, pulse: pulse(of: index), at: now)
      publish(event, from: workers[index].node, routingKey: "worker.online")
    }
    play(until: now)
    return drain()
  }

  /// Everything that happens up to `now`.
  package mutating func step(to now: Timestamp) -> Round {
    skipPause(until: now)
    play(until: now)
    if nextDeadlines <= now { refreshDeadlines(at: now) }
    produce(until: now)
    tickBeats(until: now)
    for index in living {
      finishRuns(of: index, until: now)
      wakeScheduled(of: index, at: now)
      startRuns(of: index, at: now)
      beatHeart(of: index, at: now)
      flushEvents(of: index)
    }
    lastStep = now
    return Round(writes: drain(), takes: takes())
  }

  /// What a worker got for each take, in their order; nil where the list was empty.
  package mutating func receive(
    _ messages: [(take: Take, element: [UInt8]?)], at now: Timestamp
  ) -> [DemoCommand] {
    for (take, element) in messages {
      guard let element else {
        waiting[take.list] = nil
        continue
      }
      waiting[take.list, default: 1] -= 1
      deliver(element, to: take.worker, at: now)
    }
    for index in living {
      startRuns(of: index, at: now)
      flushEvents(of: index)
    }
    return drain()
  }

  /// Workers whose processes are there.
  private var living: [Int] { workers.indices.filter { !workers[$0].isKilled } }

  /// Whether nobody reads this worker's mailbox any more.
  package func isKilled(_ index: Int) -> Bool {
    workers.indices.contains(index) && workers[index].isKilled
  }

  /// What workers wrote into their logs since this was asked last, as lines of a file each.
  package mutating func takeLog() -> [(node: String, line: String)] {
    defer { logLines = [] }
    return logLines.map { (workers[$0.worker].node, $0.line) }
  }

  mutating func drain() -> [DemoCommand] {
    defer { outbox = [] }
    return outbox
  }

  /// After the process stood still (suspended, a sleeping laptop) life goes on from now.
  private mutating func skipPause(until now: Timestamp) {
    guard now - lastStep > .seconds(5) else { return }
    nextPublish = now
    for index in workers.indices where workers[index].nextHeartbeat < now {
      workers[index].nextHeartbeat = now
    }
  }

  private mutating func play(until now: Timestamp) {
    for index in pending.indices where pending[index].due <= now {
      pending[index].act.play(&self, now)
      pending[index].due = pending[index].act.every.map { now + $0 } ?? .distantFuture
    }
    pending.removeAll { $0.due == .distantFuture }
  }

  /// kombu's order: all queues of the most urgent step first; workers take in turn.
  private mutating func takes() -> [Take] {
    var left = waiting.filter { $0.value > 0 }
    guard !left.isEmpty else { return [] }
    var room = workers.map(\.canTake)
    var takes: [Take] = []
    var progress = true
    while progress, !left.isEmpty {
      progress = false
      for offset in workers.indices {
        let index = (nextTaker + offset) % workers.count
        guard room[index] > 0 else { continue }
        guard let list = nextList(of: workers[index], in: left) else { continue }
        takes.append(Take(worker: index, list: list))
        room[index] -= 1
        left[list] = left[list].flatMap { $0 > 1 ? $0 - 1 : nil }
        progress = true
      }
    }
    nextTaker = (nextTaker + 1) % workers.count
    for index in workers.indices where workers[index].queues.count > 1 {
      workers[index].queues.append(workers[index].queues.removeFirst())
    }
    return takes
  }

  private func nextList(of worker: DemoWorker, in left: [RedisKey: Int]) -> RedisKey? {
    for step in layout.prioritySteps {
      for queue in worker.queues {
        let list = layout.messages(of: queue, step: step)
        if left[list] != nil { return list }
      }
    }
    return nil
  }
}

extension Timestamp {
  /// Later than anything that is waited for.
  static let distantFuture = Timestamp(secondsSince1970: .infinity)
}
