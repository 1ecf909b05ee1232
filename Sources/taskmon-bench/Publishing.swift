import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonUnits

/// The part that floods: it makes all messages first and then writes them as fast as Redis takes
/// them.
///
/// Prints when it began and when Redis had taken the last.
struct Publishing {
  private let settings: Settings
  private var random = DemoRandom(seed: 0x5EED)
  private let layout = KeyLayout(database: 0)
  private let workers = (1...6).map {
    EventEncoder.Sender(hostname: "celery@worker-\($0)", pid: 1000 + $0)
  }
  private let names = (1...40).map {
    "shop.tasks.\(["mail", "orders", "stock", "img"][$0 % 4])_\($0)"
  }
  private let traceback =
    "Traceback (most recent call last):\n"
    + "  File \"/srv/venv/lib/python3.11/site-packages/celery/app/trace.py\", line 479, in trace\n"
    + "    R = retval = fun(*args, **kwargs)\n"
    + "  File \"/srv/shop/tasks.py\", line 42, in run\n    raise ValueError(number)\n"
    + "ValueError: no such order: 1742\n"
  /// Events of each worker that wait for the next batch.
  private var waiting: [[JSONValue]]
  private var clock = 0
  private var made = 0

  init(_ settings: Settings) {
    self.settings = settings
    waiting = Array(repeating: [], count: workers.count)
  }

  consuming func run() throws(BenchError) {
    let chunks = messages()
    let redis = try RawRedis(socket: settings.socket)
    try redis.send(
      RawRedis.command([Array("CLIENT".utf8), Array("REPLY".utf8), Array("OFF".utf8)]))
    let began = Clock.uptime
    for chunk in chunks { try redis.send(chunk) }
    try redis.send(RawRedis.command([Array("CLIENT".utf8), Array("REPLY".utf8), Array("ON".utf8)]))
    _ = try redis.ask("PING", until: "PONG")
    print(began, Clock.uptime)
  }

  /// Commands in pieces of about a megabyte, holding exactly as many events as were asked for.
  private mutating func messages() -> [[UInt8]] {
    var chunks: [[UInt8]] = []
    var chunk: [UInt8] = []
    while made < settings.events {
      runTask(on: random.whole(0...(workers.count - 1)), into: &chunk)
      if chunk.count > 1 << 20 {
        chunks.append(chunk)
        chunk = []
      }
    }
    for worker in workers.indices { flush(worker, into: &chunk) }
    return chunks + [chunk]
  }

  /// The three events of a task, more where it fails or is tried again.
  private mutating func runTask(on worker: Int, into out: inout [UInt8]) {
    let sender = workers[worker]
    let moment = Timestamp(secondsSince1970: 1_795_334_900 + Double(clock) * 0.000_123_1)
    let task = OutgoingTask(
      id: random.uuid(), task: names[random.whole(0...(names.count - 1))],
      arguments: [.integer(Int64(clock)), "customer@example.org"],
      keywordArguments: [JSONMember("dry", false)], queue: "default", origin: "gen7@web-1",
      replyTo: "", deliveryTag: "")
    clock += 3
    add(EventEncoder.received(sender, clock: clock, task: task, at: moment), worker, &out)
    let begun = moment + .milliseconds(2.1)
    add(EventEncoder.step(.started, of: task.id, sender, clock: clock + 1, at: begun), worker, &out)
    let ended = begun + .milliseconds(random.between(1...900))
    let step: EventEncoder.Step =
      random.chance(0.04)
      ? .failed(exception: "ValueError('no such order: 1742')", traceback: traceback)
      : random.chance(0.03)
        ? .retried(exception: "ConnectionError('db-2 is away')", traceback: traceback)
        : .succeeded(result: "{'sent': 3, 'skipped': []}", runtime: random.between(0.001...0.9))
    add(EventEncoder.step(step, of: task.id, sender, clock: clock + 2, at: ended), worker, &out)
  }

  private mutating func add(_ event: JSONValue, _ worker: Int, _ out: inout [UInt8]) {
    guard made < settings.events else { return }
    made += 1
    waiting[worker].append(event)
    if waiting[worker].count >= settings.batch { flush(worker, into: &out) }
  }

  private mutating func flush(_ worker: Int, into out: inout [UInt8]) {
    let events = waiting[worker]
    guard let first = events.first else { return }
    waiting[worker].removeAll(keepingCapacity: true)
    let isBatch = settings.batch > 1
    let key = isBatch ? "task.multi" : "task.started"
    let message = EventEncoder.message(
      isBatch ? .array(events) : first, from: workers[worker].hostname, routingKey: key,
      deliveryTag: random.uuid(), layout: layout)
    out += RawRedis.command([
      Array("PUBLISH".utf8), layout.eventChannel(routingKey: key).bytes, message,
    ])
  }
}
