import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct BeatAssemblyTests {
  private let worker = Speaker()
  private var ledger = EventLedger(budget: CollectionBudget())
  private var book = InspectionBook()
  private var facts = CollectedFacts()
  private var hearing = Hearing(limit: 4)

  init() {
    hearing.connected(at: at(0))
    hearing.alive(at: at(50))
    facts.redBeat = .value(.init(facts: nil, due: [:]))
  }

  private func assemble(silence: String? = nil) -> BeatFacts {
    BeatAssembly(
      layout: layout, facts: facts, book: book, events: ledger.excerpt, hearing: hearing,
      workers: WorkerAssembly(events: ledger.excerpt, book: book, silence: silence).workers,
      silence: silence
    ).assemble()
  }

  private mutating func configure(_ schedule: String) {
    ledger.absorb([worker.heartbeat(1)])
    book.learn(.stats, from: worker.name, #"{"pid": 100}"#, at: at(2))
    book.learn(.conf, from: worker.name, #"{"beat_schedule": \#(schedule)}"#, at: at(2))
  }

  @Test func `without an answer no plan is known, and why`() {
    #expect(assemble().entries == .unavailable("no worker has told its beat_schedule yet"))
    #expect(
      assemble(silence: "--read-only asks no worker").entries
        == .unavailable("--read-only asks no worker"))
    #expect(assemble().traffic.isEmpty)
  }

  @Test mutating func `a plain beat's plan is what the workers are configured with`() {
    configure(#"{"e": {"task": "a.b", "schedule": 2.0}}"#)
    let beat = assemble()
    #expect(beat.redBeat == .value(nil))
    #expect(beat.entries.value?.map(\.name) == ["e"])
    #expect(beat.entries.value?.first?.source == .workerConfiguration)
    #expect(beat.traffic.map(\.entry) == ["e"])
  }

  @Test mutating func `RedBeat's entries come before configured ones and take their due moment`() {
    configure(#"{"e": {"task": "a.b", "schedule": 2.0}}"#)
    facts.redBeat = .value(
      .init(facts: RedBeatFacts(entryCount: 1), due: [layout.redBeatEntry("r"): at(77)]))
    facts.redBeatEntries = .value([
      ScheduleEntry(name: "r", task: "c.d", schedule: .every(Seconds(5)), source: .redBeat)
    ])
    #expect(assemble().entries.value?.map(\.name) == ["r"])
    #expect(assemble().entries.value?.first?.dueAt == at(77))
  }

  private func message(
    _ task: String, _ arguments: String = "[1]", retries: Int = 0, mark: BeatMark? = BeatMark()
  ) -> MessageFacts {
    MessageFacts(
      taskID: "\(task)\(arguments)", task: task, deliveryTag: "t", retries: retries,
      origin: "gen7@db", replyTo: "r", argumentsText: arguments, keywordArgumentsText: "{}",
      beatMark: mark)
  }

  @Test mutating func `entries in a database are known by the headers of their messages`() {
    let named = BeatMark(entry: "Sweep floor 1")
    ledger.sawMessage(message("shop.sweep", mark: named), in: "celery", at: at(4))
    ledger.sawMessage(message("shop.call", mark: nil), in: "celery", at: at(4))
    ledger.sawMark(of: message("shop.wipe", retries: 1))
    let entries = assemble().entries.value ?? []
    #expect(entries.map(\.name) == ["Sweep floor 1"])
    #expect(entries.first?.task == "shop.sweep" && entries.first?.argumentsText == "1")
    #expect(entries.first?.schedule == .unknown && entries.first?.source == .messages)
    // From then on its traffic is followed.
    ledger.follow(entries, at: at(5))
    ledger.sawMessage(message("shop.sweep", "(1,)", mark: named), in: "celery", at: at(6))
    #expect(
      assemble().traffic.first?.publications == [Publication(at: at(6), publisher: "gen7@db/r")])
  }

  @Test mutating func `what beat sends is added to the plan unless it is in it`() {
    configure(#"{"e": {"task": "a.b", "schedule": 2.0, "args": [1]}}"#)
    ledger.sawMark(of: message("a.b"))
    ledger.sawMark(of: message("a.b", "[2]"))
    ledger.sawMark(of: message("other.name", mark: BeatMark(entry: "e")))
    #expect(assemble().entries.value?.map(\.name) == ["e"])
    ledger.sawMark(of: message("c.d"))
    ledger.sawMark(of: message("a.b", "[3]", mark: BeatMark(entry: "third")))
    #expect(assemble().entries.value?.map(\.name) == ["e", "c.d", "third"])
  }

  @Test mutating func `entries behind a prefix of their own take their due moment`() {
    var own = layout
    own.redBeatPrefix = "shop7-"
    facts.redBeat = .value(
      .init(
        facts: RedBeatFacts(entryCount: 1, keyPrefix: "shop7-"),
        due: [own.redBeatEntry("r"): at(77)]))
    facts.redBeatEntries = .value([
      ScheduleEntry(name: "r", task: "c.d", schedule: .every(Seconds(5)), source: .redBeat)
    ])
    #expect(assemble().entries.value?.first?.dueAt == at(77))
  }

  @Test mutating func `a lock under a name of its own is looked for where it was while it is gone`()
  {
    facts.redBeat = .value(.init(facts: RedBeatFacts(entryCount: 1), due: [:]))
    #expect(assemble().redBeat.value??.isLockCertain == false)
    facts.foundLocks([RedisKey("redbeat:my-lock")])
    #expect(assemble().redBeat.value??.isLockCertain == false)
    facts.foundLocks([])
    #expect(facts.redBeatLock == RedisKey("redbeat:my-lock"))
    #expect(assemble().redBeat.value??.isLockCertain == true)
    facts.forgetLock()
    #expect(facts.redBeatLock == nil)
    #expect(
      assemble().redBeat.value??.isLockCertain == false, "behind another prefix nobody looked")
  }

  @Test mutating func `receipts count as heard whole only while every runner sends its events`() {
    configure(#"{"e": {"task": "a.b", "schedule": 2.0}}"#)
    let follow = assemble().entries.value ?? []
    ledger.follow(follow, at: at(3))
    #expect(assemble().traffic.first?.heard == [])
    ledger.absorb([worker.received("1", 5)])
    #expect(assemble().traffic.first?.heard == [Interval(from: at(3), to: at(50))])
    #expect(assemble().traffic.first?.receipts == [at(5)])
    let mute = Speaker(name: "celery@mute", pid: 7)
    ledger.absorb((1...3).map { mute.heartbeat(Double($0) * 2, processed: min($0, 2)) })
    #expect(assemble().traffic.first?.heard == [])
    ledger.absorb([mute.offline(20)])
    #expect(assemble().traffic.first?.heard == [Interval(from: at(3), to: at(50))])
  }
}
