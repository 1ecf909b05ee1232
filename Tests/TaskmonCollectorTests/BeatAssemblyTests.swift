import CeleryProtocol
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
