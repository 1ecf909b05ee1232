import CeleryProtocol
import RedisClient
import TaskmonUnits

// What producers send.
extension DemoFleet {
  /// Publishes a task that is to return `value`; nothing where the shop has no such task.
  mutating func publish(task name: String, returning value: JSONValue, at now: Timestamp) {
    guard let kind = shop.kind(name) else { return }
    let task = compose(kind, publisher: 0, at: now)
    prescribed[task.id] = DemoWorker.Fate(outcome: .success(value))
    send(task, publisher: 0, at: now)
  }

  /// Publishes a task that the shop does not have.
  mutating func publish(unknownTask name: String, to queue: String, at now: Timestamp) {
    let publisher = publishers[0]
    let task = OutgoingTask(
      id: random.uuid(), task: name, arguments: [.whole(random.whole(1...400))], queue: queue,
      origin: publisher.origin, replyTo: publisher.replyTo, ignoresResult: false,
      deliveryTag: random.uuid())
    send(task, publisher: 0, at: now)
  }

  /// Publishes a task of the shop, changed by `change`; nothing where the shop has none of it.
  mutating func publish(
    _ name: String, fate: DemoWorker.Fate? = nil, at now: Timestamp,
    _ change: (inout OutgoingTask) -> Void = { _ in }
  ) {
    guard let kind = shop.kind(name) else { return }
    var task = compose(kind, publisher: 0, at: now)
    change(&task)
    prescribed[task.id] = fate
    send(task, publisher: 0, at: now)
  }

  /// Single tasks all the time, a mailing and a batch of reports now and then.
  mutating func produce(until now: Timestamp) {
    guard !isQuiet else { return }
    var budget = 2000
    while nextPublish <= now, budget > 0 {
      let moment = nextPublish
      nextPublish = moment + random.gap(rate: tasksPerSecond)
      budget -= 1
      guard let kind = chooseKind() else { continue }
      let publisher = random.whole(0...(publishers.count - 1))
      send(compose(kind, publisher: publisher, at: moment), publisher: publisher, at: moment)
    }
    if budget == 0 { nextPublish = now }
    if nextMailing <= now {
      burst(of: "emails.send", count: Int(min(400, tasksPerSecond * 8)), at: now)
      nextMailing = now + .seconds(random.between(22...28))
    }
    if nextReporting <= now {
      burst(of: "reports.render", count: Int(min(200, tasksPerSecond * 3)), at: now)
      nextReporting = now + .seconds(random.between(36...44))
    }
  }

  private mutating func burst(of name: String, count: Int, at now: Timestamp) {
    guard let kind = shop.kind(name) else { return }
    for _ in 0..<max(0, count) {
      send(compose(kind, publisher: 0, at: now), publisher: 0, at: now)
    }
  }

  private mutating func chooseKind() -> TaskKind? {
    let total = shop.kinds.reduce(0) { $0 + $1.weight }
    var rest = random.between(0...max(total, 0))
    for kind in shop.kinds where kind.weight > 0 {
      rest -= kind.weight
      if rest <= 0 { return kind }
    }
    return shop.kinds.last { $0.weight > 0 }
  }

  /// A message as the given producer would write it.
  mutating func compose(
    _ kind: TaskKind, publisher index: Int, at moment: Timestamp
  ) -> OutgoingTask {
    let arguments = kind.arguments(&random)
    let priority = kind.priorities.randomElement(using: &random) ?? 0
    let eta = kind.delay.map { moment + Seconds(random.between($0)) }
    return OutgoingTask(
      id: random.uuid(), task: kind.name, arguments: arguments, queue: kind.queue,
      priority: priority, eta: eta, hardLimit: kind.hardLimit, softLimit: kind.softLimit,
      origin: publishers[index].origin, replyTo: publishers[index].replyTo,
      ignoresResult: kind.ignoresResult, deliveryTag: random.uuid())
  }

  private mutating func send(_ task: OutgoingTask, publisher index: Int, at moment: Timestamp) {
    put(task)
    let clock = publishers[index].tick()
    announce(task, by: publishers[index].sender, clock: clock, at: moment)
  }

  /// The message into its list.
  mutating func put(_ task: OutgoingTask) {
    let step = layout.prioritySteps.last { $0 <= task.priority } ?? 0
    let list = layout.messages(of: task.queue, step: step)
    outbox.append(.push(MessageEncoder.element(task), to: list))
    waiting[list, default: 0] += 1
    inFlight[task.deliveryTag] = task
  }

  /// `task-sent`, which publishers with `task_send_sent_event` add.
  mutating func announce(
    _ task: OutgoingTask, by sender: EventEncoder.Sender, clock: Int, at moment: Timestamp
  ) {
    let event = EventEncoder.sent(sender, clock: clock, task: task, at: moment)
    publish(event, from: sender.hostname, routingKey: "task.sent")
  }

  /// An event, or a batch of them, on its channel.
  mutating func publish(_ body: JSONValue, from hostname: String, routingKey: String) {
    let message = EventEncoder.message(
      body, from: hostname, routingKey: routingKey, deliveryTag: random.uuid(), layout: layout)
    outbox.append(.publish(message, on: layout.eventChannel(routingKey: routingKey)))
  }
}
