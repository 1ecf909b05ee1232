import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct SnapshotAssemblyTests {
  static func snapshot(
    facts: CollectedFacts = CollectedFacts(), ledger: EventLedger? = nil,
    hearing: Hearing = Hearing(limit: 4), inspection: InspectionFacts = InspectionFacts(),
    isReadOnly: Bool = false, link: RedisClient.LinkState = .idle
  ) throws -> Snapshot {
    SnapshotAssembly(
      configuration: MonitorConfiguration(
        broker: try RedisURL("redis://:secret@h:6379/0"), isReadOnly: isReadOnly),
      facts: facts, book: InspectionBook(), inspection: inspection,
      tap: EventTap.Excerpt(events: ledger?.excerpt ?? EventExcerpt(), hearing: hearing),
      link: link, startedAt: at(0), polledAt: nil, cost: RedisCost(),
      redisTime: RedisTime(), now: at(100)
    ).assemble().0
  }

  static func hearing(since seconds: Double) -> Hearing {
    var hearing = Hearing(limit: 4)
    hearing.connected(at: at(seconds))
    return hearing
  }

  @Test func `before anything was read nothing is zero and nothing is empty`() throws {
    let snapshot = try Self.snapshot()
    #expect(snapshot.queues.value == nil)
    #expect(snapshot.unacked.value == nil)
    #expect(snapshot.workers.value == nil)
    #expect(snapshot.running.value == nil)
    #expect(snapshot.tasks.reason == "the event channel was not heard yet")
    #expect(snapshot.server.value == nil)
    #expect(snapshot.presence.value == nil)
    #expect(snapshot.results.value == nil)
    #expect(snapshot.beat.entries.value == nil)
    #expect(snapshot.link == .connecting)
    #expect(snapshot.polledAt == nil)
  }

  @Test func `a stream that has just begun proves no empty fleet`() throws {
    #expect(try Self.snapshot(hearing: Self.hearing(since: 99)).workers.value == nil)
    #expect(try Self.snapshot(hearing: Self.hearing(since: 60)).workers == .value([]))
  }

  @Test func `after a round that nobody answered there is nobody`() throws {
    let snapshot = try Self.snapshot(inspection: InspectionFacts(lastRound: at(90)))
    #expect(snapshot.workers == .value([]))
    #expect(snapshot.running == .value([]))
  }

  @Test func `a suspended round proves nothing`() throws {
    let snapshot = try Self.snapshot(
      inspection: InspectionFacts(lastRound: at(90), suspended: "Redis is full"))
    #expect(snapshot.workers == .unavailable("Redis is full"))
    #expect(snapshot.inspection.suspended == "Redis is full")
  }

  @Test func `who may not ask does not know what began before`() throws {
    let worker = Speaker()
    let idle = try Self.snapshot(
      ledger: EventLedger(worker.heartbeat(99)), hearing: Self.hearing(since: 1), isReadOnly: true)
    #expect(idle.workers.value?.map(\.id) == [worker.id])
    #expect(
      idle.running
        == .unavailable(
          "--read-only asks no worker, and no task has started since taskmon listens"))
    let busy = try Self.snapshot(
      ledger: EventLedger(worker.started("t", 99)), hearing: Self.hearing(since: 1),
      isReadOnly: true)
    #expect(busy.running.value?.map(\.id) == ["t"])
  }

  @Test func `presence says where else Celery was seen`() throws {
    var facts = CollectedFacts()
    facts.markers = .value([])
    facts.channelsElsewhere = ["Celery speaks in database 2"]
    facts.scanComplete = true
    facts.server = .value(
      ServerFacts(
        version: "7", runID: "r", uptime: .zero, usedMemory: .zero, connectedClients: 1,
        databases: [2: 1500, 1: 3]))
    #expect(
      try Self.snapshot(facts: facts).presence
        == .value(
          CeleryPresence(
            markers: [], scanComplete: true, heardEvents: false,
            elsewhere: ["db 1 (3 keys)", "db 2 (1,500 keys)", "Celery speaks in database 2"])))
  }

  @Test func `a broken link is told in words without the password`() throws {
    let error = RedisError(kind: .refused, target: "redis://h:6379/0", detail: "refused")
    let snapshot = try Self.snapshot(link: .down(error, since: at(50), attempts: 3))
    #expect(
      snapshot.link
        == .down(
          LinkFailure(
            kind: .refused, sentence: "redis://h:6379/0: refused", since: at(50), attempts: 3)))
    #expect(!"\(snapshot)".contains("secret"))
  }
}

@Suite struct CollectedFactsTests {
  private static func facts(
    _ heads: Result<[QueueHeadCollector.Ends], CollectionError>,
    ready: [Int] = [1, 0], problems: [String] = []
  ) -> FastFacts {
    let names: [QueueName] = ["a", "b"]
    return FastFacts(
      server: .failure(CollectionError("no INFO")), markers: .success([]),
      unacked: .success(UnackedFacts(count: 0)),
      lengths: .success(
        .init(
          queues: zip(names, ready).map {
            .init(queue: $0, priorities: [PriorityLength(step: 0, ready: $1)])
          }, problems: problems)),
      redBeat: .success(.init(facts: nil, due: [:])), heads: heads)
  }

  private static let ends = QueueHeadCollector.Ends(
    queue: "a", head: .value(MessageFacts(deliveryTag: "d")), newest: nil, tailTags: ["d"])

  @Test func `a part that failed costs only its own facts and is named`() {
    var collected = CollectedFacts()
    collected.take(Self.facts(.success([Self.ends])), at: at(1), duration: Seconds(0.1))
    #expect(collected.server == .unavailable("no INFO"))
    #expect(collected.unacked == .value(UnackedFacts(count: 0)))
    #expect(collected.statuses["server"]?.failure == "no INFO")
    #expect(collected.statuses["unacked"]?.failure == nil)
    #expect(collected.queueFacts.value?.map(\.ready) == [1, 0])
    #expect(collected.queueFacts.value?.map { $0.head == nil } == [false, true])
  }

  @Test func `a queue that could not be counted is named and absent`() {
    var collected = CollectedFacts()
    collected.take(
      Self.facts(.success([]), ready: [1], problems: ["queue b: odd"]), at: at(1),
      duration: .zero)
    #expect(collected.queueFacts.value?.map(\.name) == ["a"])
    #expect(collected.statuses["queue-lengths"]?.failure == "queue b: odd")
  }

  @Test func `a head stays between its turns and goes with the last message`() {
    var collected = CollectedFacts()
    collected.take(Self.facts(.success([Self.ends])), at: at(1), duration: .zero)
    collected.take(Self.facts(.success([])), at: at(2), duration: .zero)
    #expect(collected.queueFacts.value?.first?.head?.value?.deliveryTag == "d")
    collected.take(Self.facts(.success([]), ready: [0, 0]), at: at(3), duration: .zero)
    #expect(collected.queueFacts.value?.first?.head == nil)
    collected.take(Self.facts(.success([])), at: at(4), duration: .zero)
    #expect(collected.queueFacts.value?.first?.head == .unavailable("not read yet"))
  }

  @Test func `heads that cannot be read say why`() {
    var collected = CollectedFacts()
    collected.take(
      Self.facts(.failure(CollectionError("MEMORY USAGE: no right"))), at: at(1), duration: .zero)
    #expect(
      collected.queueFacts.value?.first?.head == .unavailable("MEMORY USAGE: no right"))
  }
}
