import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

private func statistics(_ ledger: EventLedger, at now: Double = 60) -> TaskStatistics {
  ledger.statistics(at: at(now), since: at(0), heard: [Interval(from: at(0), to: at(now))])
}

private func marks(_ ledger: EventLedger, of task: String = "a.b", at now: Double = 60) -> TaskMarks
{
  statistics(ledger, at: now)[task: task]?.recent.marks ?? .none
}

/// Which second starts are duplicate executions, and of what kind.
@Suite struct LedgerDuplicatesTests {
  private let worker = Speaker()
  private let other = Speaker(name: "celery@w2", pid: 200)
  private let third = Speaker(name: "celery@w3", pid: 300)
  private static let uuid = "0f6c2f0e-7d5c-4f8e-9a53-7d7a3c1e2b11"

  @Test func `a second start is counted with the worker that had begun the first`() {
    let ledger = EventLedger(
      worker.received("u", 1), worker.started("u", 2), other.received("u", 8),
      other.started("u", 9), third.received("u", 18), third.started("u", 19))
    #expect(marks(ledger) == TaskMarks(duplicates: [worker.id: 1, other.id: 1]))
  }

  @Test func `an eta task that was handed out again and again runs once too often each time`() {
    let ledger = EventLedger(
      worker.received("u", 1, eta: 20), other.received("u", 7, eta: 20),
      worker.received("u", 13, eta: 20), worker.started("u", 20), other.started("u", 20.1),
      worker.started("u", 20.2))
    #expect(marks(ledger).duplicates.values.reduce(0, +) == 2)
  }

  @Test func `what was rejected and queued again was given back`() {
    let ledger = EventLedger(
      worker.received("u", 1), worker.started("u", 2), worker.rejected("u", 3),
      other.received("u", 3.1), other.started("u", 4))
    #expect(marks(ledger) == TaskMarks(handedBack: 1))
    #expect(statistics(ledger)[task: "a.b"]?.recent.counts.duplicates == 1)
  }

  @Test func `copies of a broadcast are no duplicates, a second run on one worker is`() {
    var ledger = EventLedger(
      worker.received("u", 1), other.received("u", 1.01), worker.started("u", 1.02),
      third.received("u", 1.5), other.started("u", 2), third.started("u", 3))
    #expect(marks(ledger) == .none)
    #expect(ledger.duplicates.isEmpty)
    ledger.absorb([third.received("u", 9), third.started("u", 9.1)])
    #expect(marks(ledger) == TaskMarks(duplicates: [third.id: 1]))
  }

  @Test func `a worker that listens to a broadcast may take its copy late`() {
    var ledger = EventLedger(budget: CollectionBudget())
    for node in [worker, other, third] { ledger.note(broadcasts: ["news"], ofNode: node.name) }
    ledger.absorb([
      worker.received("u", 1), worker.started("u", 1), other.received("u", 70),
      other.started("u", 70),
    ])
    #expect(marks(ledger, at: 80) == .none)
    // What is known to have come through a queue is no broadcast.
    ledger.absorb([
      worker.sent("q", 100, queue: "celery"), worker.received("q", 101), worker.started("q", 101),
      other.received("q", 170), other.started("q", 170),
    ])
    #expect(marks(ledger, at: 180) == TaskMarks(duplicates: [worker.id: 1]))
  }

  @Test func `what is published to a broadcast's exchange is one`() {
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.note(broadcasts: ["news"], ofNode: third.name)
    ledger.absorb([
      worker.sent("u", 0, queue: "bcast.0f6c", exchange: "news"), worker.received("u", 1),
      worker.started("u", 1), other.received("u", 70), other.started("u", 70),
    ])
    #expect(marks(ledger, at: 80) == .none)
    #expect(statistics(ledger, at: 80).series.map(\.queue) == ["news", "news", "news"])
  }

  @Test func `a message held from a broadcast does not tell of a queue`() {
    var ledger = EventLedger(worker.received("u", 1))
    ledger.note(broadcasts: ["news"], ofNode: worker.name)
    ledger.sawHeld(
      MessageFacts(taskID: "u", task: "a.b", deliveryTag: "t", exchange: "news"), from: "celery")
    #expect(ledger.task("u")?.queue == nil)
    ledger.sawHeld(
      MessageFacts(taskID: "u", task: "a.b", deliveryTag: "t", exchange: ""), from: "celery")
    #expect(ledger.task("u")?.queue == "celery")
  }

  @Test func `an id of the application's own may be used again once its run has ended`() {
    var ledger = EventLedger(
      worker.received("daily", 1), worker.started("daily", 2), worker.succeeded("daily", 3),
      other.received("daily", 40), other.started("daily", 41), other.succeeded("daily", 42))
    #expect(marks(ledger) == .none)
    ledger.absorb([
      worker.received("nightly", 1), worker.started("nightly", 2), other.received("nightly", 40),
      worker.succeeded("nightly", 41), other.started("nightly", 42),
    ])
    #expect(marks(ledger) == TaskMarks(duplicates: [worker.id: 1]))
  }

  @Test func `a UUID is used again where it is published again`() {
    func runs(_ again: [CeleryEvent]) -> TaskMarks {
      var ledger = EventLedger(
        worker.sent(Self.uuid, 0), worker.received(Self.uuid, 1), worker.started(Self.uuid, 2),
        worker.succeeded(Self.uuid, 3))
      ledger.absorb(again)
      ledger.absorb([other.received(Self.uuid, 40), other.started(Self.uuid, 41)])
      return marks(ledger)
    }
    #expect(runs([worker.sent(Self.uuid, 39)]) == .none)
    #expect(runs([]) == TaskMarks(duplicates: [worker.id: 1]))
  }

  @Test func `an id that is published again may be heard so before its first run is`() {
    var ledger = EventLedger(
      worker.sent(Self.uuid, 0), worker.sent(Self.uuid, 2), worker.received(Self.uuid, 1),
      worker.started(Self.uuid, 1.1), worker.received(Self.uuid, 2.1),
      worker.succeeded(Self.uuid, 2), worker.started(Self.uuid, 2.2),
      worker.succeeded(Self.uuid, 2.3))
    #expect(marks(ledger) == .none)
    ledger.absorb([other.received(Self.uuid, 40), other.started(Self.uuid, 41)])
    #expect(marks(ledger) == TaskMarks(duplicates: [worker.id: 1]))
  }

  @Test func `a task of another name under the same id is another task`() {
    let ledger = EventLedger(
      worker.received(Self.uuid, 1), worker.started(Self.uuid, 2),
      other.received(Self.uuid, 40, task: "c.d"), other.started(Self.uuid, 41))
    #expect(marks(ledger) == .none && marks(ledger, of: "c.d") == .none)
    #expect(ledger.duplicates.isEmpty)
  }

  @Test func `a retry of a retried task and its replacement are none`() {
    let ledger = EventLedger(
      worker.received(Self.uuid, 1), worker.started(Self.uuid, 2), worker.retried(Self.uuid, 3),
      worker.sent(Self.uuid, 3, retries: 1), other.received(Self.uuid, 4, retries: 1),
      other.started(Self.uuid, 5),
      other.received(Self.uuid, 6, task: "c.d", retries: 1, parent: Self.uuid),
      worker.started(Self.uuid, 7))
    #expect(ledger.duplicates.isEmpty)
    #expect(marks(ledger).laterAttempts == 1)
  }

  @Test func `names of nodes that make room keep those of duplicates`() {
    var ledger = EventLedger(
      worker.received("u", 1), worker.started("u", 2), other.received("u", 8),
      other.started("u", 9))
    ledger.forgetWorkers(unheardSince: at(50))
    ledger.recycleNodes()
    #expect(marks(ledger).duplicates == [worker.id: 1])
  }

  @Test func `what happened more than ten minutes ago is no mark any more`() {
    let ledger = EventLedger(
      worker.received("u", 1), worker.started("u", 2), other.received("u", 8),
      other.started("u", 9))
    #expect(marks(ledger, at: 500).duplicates == [worker.id: 1])
    #expect(marks(ledger, at: 800) == .none)
  }

  @Test func `where there is no room, what is past makes some`() {
    var meters = TroubleMeters(limit: 2)
    meters.count(.handedBack, of: 1, at: 0)
    meters.count(.handedBack, of: 2, at: 90)
    meters.count(.handedBack, of: 3, at: 91)
    #expect(Set(meters.recent(at: 91).map(\.key.name)) == [2, 3])
    meters.count(.handedBack, of: 4, at: 92)
    #expect(meters.dropped == 1)
    meters.count(.handedBack, of: 3, at: 92)
    #expect(meters.recent(at: 92).map(\.count).sorted() == [1, 2])
  }
}

/// What failures tell beyond their class.
@Suite struct LedgerFailuresTests {
  private let worker = Speaker()

  @Test func `a first attempt that fails for good with a network error is marked`() {
    let ledger = EventLedger(
      worker.received("1", 1), worker.failed("1", 2, "ConnectionError('refused')"),
      worker.received("2", 1), worker.failed("2", 2, "HTTPError('503 Server Error: x')"),
      worker.received("3", 1), worker.failed("3", 2, "HTTPError('404 Client Error: x')"),
      worker.received("4", 1), worker.failed("4", 2, "ValueError('x')"),
      worker.received("5", 1), worker.retried("5", 2, "ConnectionError('refused')"),
      worker.received("5", 3, retries: 1), worker.failed("5", 4, "ConnectionError('refused')"),
      // Which attempt this was is not known.
      worker.failed("6", 4, "ConnectionError('refused')"))
    #expect(
      marks(ledger)
        == TaskMarks(
          transient: ["ConnectionError": 1, "HTTPError": 1], laterAttempts: 1))
    #expect(marks(ledger, of: TaskFacts.unnamed) == .none)
  }

  @Test func `of a name that many libraries use the traceback tells whose it is`() {
    let ledger = EventLedger(
      worker.received("1", 1),
      worker.failed("1", 2, "ReadError('')", traceback: "Traceback:\n  x\nhttpx.ReadError"),
      worker.received("2", 1),
      worker.failed("2", 2, "ReadError('x')", traceback: "Traceback:\n  x\ntarfile.ReadError: x"),
      worker.received("3", 1), worker.failed("3", 2, "ReadError('x')"))
    #expect(marks(ledger) == TaskMarks(transient: ["ReadError": 1]))
  }

  @Test func `a misused event loop is marked, whether it fails or is retried`() {
    let ledger = EventLedger(
      worker.received("1", 1), worker.failed("1", 2, "RuntimeError('Event loop is closed')"),
      worker.received("2", 1), worker.retried("2", 2, "RuntimeError('Event loop is closed')"),
      worker.received("3", 1),
      worker.failed(
        "3", 2, "EncodeError(TypeError('Object of type coroutine is not JSON serializable'))"),
      worker.received("4", 1),
      worker.failed(
        "4", 2, "EncodeError(TypeError('Object of type object is not JSON serializable'))"),
      worker.received("5", 1), worker.failed("5", 2, "RuntimeError('out of stock')"))
    #expect(
      marks(ledger)
        == TaskMarks(
          loopFaults: ["event loop is closed": 2, "a coroutine was never awaited": 1]))
  }

  @Test func `the captured failures are marked by what they are`() throws {
    let ledger = try Capture.ledger(of: "events.jsonl")
    let end = try #require(try Capture.published("events.jsonl").last).t
    let now = Timestamp(secondsSince1970: end)
    let found = ledger.statistics(at: now, since: now, heard: [])
    let all = found.tasks.reduce(TaskMarks.none) { $0 + $1.recent.marks }
    #expect(all.transient == ["URLError": 3, "ConnectionError": 3])
    #expect(
      all.loopFaults == [
        "event loop is closed": 2, "a coroutine was never awaited": 2,
        "asyncio.run() inside a running loop": 1,
      ])
    #expect(all.duplicates.isEmpty && all.handedBack == 0)
  }

  @Test func `a flood of other failures does not push a mark out`() {
    var ledger = EventLedger(
      worker.received("u", 1), worker.failed("u", 2, "RuntimeError('Event loop is closed')"))
    for number in 0..<500 {
      ledger.absorb([worker.received("\(number)", 3), worker.failed("\(number)", 4)])
    }
    #expect(marks(ledger).loopFaults == ["event loop is closed": 1])
  }
}

/// Payloads that go to several queues at once.
@Suite struct LedgerFanoutsTests {
  private let worker = Speaker()
  private static let payload = "('" + String(repeating: "x", count: 60) + "',)"

  private func burst(
    _ number: Int, at moment: Double, queues: [String] = ["a", "b", "c"],
    payload: String = payload, by publisher: String = "gen1@web"
  ) -> [CeleryEvent] {
    queues.enumerated().map { index, queue in
      worker.sent(
        "\(number)-\(index)", moment + Double(index) * 0.1, queue: queue, by: publisher,
        arguments: payload)
    }
  }

  private func fanouts(_ events: [CeleryEvent]) -> [[String]: FanoutCounts] {
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.absorb(events)
    return marks(ledger).fanouts
  }

  @Test func `the same payload to three queues within two seconds is one`() {
    #expect(
      fanouts(burst(1, at: 1) + burst(2, at: 10, queues: ["c", "a", "b", "d"]))
        == [["a", "b", "c"]: FanoutCounts(count: 2)])
  }

  @Test func `what is slower, shorter, elsewhere or by others is none`() {
    #expect(fanouts(burst(1, at: 1, queues: ["a", "b", "b", "a"])) == [:])
    #expect(fanouts(burst(1, at: 1, payload: "('short',)")) == [:])
    #expect(fanouts(burst(1, at: 1, payload: "()") + burst(2, at: 2, payload: "()")) == [:])
    let slow = ["a", "b", "c"].enumerated().map { index, queue in
      worker.sent("\(index)", Double(index) * 1.1, queue: queue, arguments: Self.payload)
    }
    #expect(fanouts(slow) == [:])
    let three = ["a", "b", "c"].flatMap {
      burst(1, at: 1, queues: [$0], by: "gen\($0)@web")
    }
    #expect(fanouts(three) == [:])
  }

  @Test func `retries are none`() {
    let retries = ["a", "b", "c"].map {
      worker.sent($0, 1, queue: $0, arguments: Self.payload, retries: 1)
    }
    #expect(fanouts(retries) == [:])
  }

  @Test func `a message that is seen tells whether it is a part of a group`() {
    var ledger = EventLedger(budget: CollectionBudget())
    for number in 1...3 { ledger.absorb(burst(number, at: Double(number) * 5)) }
    ledger.sawMessage("1-2", isPartOfGroup: false)
    ledger.sawMessage("1-0", isPartOfGroup: false)
    ledger.sawMessage("2-1", isPartOfGroup: true)
    ledger.sawMessage("other", isPartOfGroup: true)
    #expect(
      marks(ledger).fanouts == [["a", "b", "c"]: FanoutCounts(count: 3, parts: 1, single: 1)])
  }

  @Test func `what workers receive stands for what nobody says to have sent`() {
    let nodes = ["a", "b", "c"].map { Speaker(name: "celery@\($0)", pid: 1) }
    var ledger = EventLedger(budget: CollectionBudget())
    for (node, queue) in zip(nodes, ["a", "b", "c"]) {
      ledger.note(queues: [queue], ofNode: node.name)
    }
    let received = nodes.map { $0.received($0.name, 1, arguments: Self.payload) }
    ledger.absorb(received)
    #expect(marks(ledger).fanouts == [["a", "b", "c"]: FanoutCounts(count: 1)])
    var told = EventLedger(budget: CollectionBudget())
    for (node, queue) in zip(nodes, ["a", "b", "c"]) {
      told.note(queues: [queue], ofNode: node.name)
    }
    told.absorb([worker.sent("x", 0)] + received)
    #expect(marks(told).fanouts == [:])
  }

  @Test func `payloads are watched in bounded memory`() {
    var watch = FanoutWatch(payloads: 4)
    var found = 0
    func publish(_ hash: UInt64, _ queue: UInt16, _ moment: Double) {
      let id = TaskKey(high: hash, low: UInt64(queue))
      if watch.published(hash, id: id, name: 1, queue: queue, at: moment) != nil { found += 1 }
    }
    for queue in 1...3 { for hash in 1...4 { publish(UInt64(hash), UInt16(queue), 1) } }
    #expect(found == 4)
    found = 0
    for queue in 1...3 { for hash in 11...15 { publish(UInt64(hash), UInt16(queue), 9) } }
    #expect(found < 5, "there was no room for all")
    for number in 0..<500 {
      for queue in 1...3 { publish(UInt64(1000 + number), UInt16(queue), 20 + Double(number)) }
    }
    #expect(watch.completed.count == 64)
  }
}
