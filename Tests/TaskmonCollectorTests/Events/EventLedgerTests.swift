import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct EventLedgerTests {
  private let worker = Speaker()

  @Test(arguments: Capture.eventFiles)
  func `every event of a capture is taken in`(_ file: String) throws {
    let events = try Capture.events(file)
    let ledger = try Capture.ledger(of: file)
    #expect(ledger.received == events.count)
    #expect(ledger.excerpt.taskEvents == ledger.counts.values.reduce(0, +))
    #expect(ledger.dropped == 0)
    // Whoever speaks of tasks or of itself is a worker, publishers are not.
    #expect(ledger.heardWorkers.keys.allSatisfy { !$0.name.hasPrefix("gen") })
  }

  @Test func `after the capture of a whole run only what ended without an event is running`() throws
  {
    let ledger = try Capture.ledger(of: "events.jsonl")
    #expect(ledger.running.compactMap { ledger.task($0)?.task } == ["labapp.ignore_it"])
    #expect(Set(ledger.heardWorkers.keys.map(\.name)) == ["w1@vm", "w2@vm"])
    #expect(ledger.heardWorkers.values.allSatisfy { $0.sendsTaskEvents == .value(true) })
    #expect(ledger.counts["task-sent"] == 192)
    #expect(ledger.counts["task-received"] == 211)
  }

  @Test(arguments: Capture.eventFiles)
  func `nothing that has ended is running, in whatever order a batch came`(_ file: String) throws {
    let ledger = try Capture.ledger(of: file)
    #expect(ledger.running.allSatisfy { ledger.task($0)?.state == .started })
  }

  @Test func `a run begins with its start and ends with its end`() {
    var ledger = EventLedger(worker.received("t", 1), worker.started("t", 2))
    #expect(ledger.running == ["t"])
    #expect(ledger.task("t")?.task == "a.b")
    #expect(ledger.task("t")?.startedAt == at(2))
    ledger.absorb([worker.succeeded("t", 3)])
    #expect(ledger.running == [])
    #expect(ledger.task("t")?.state.isEnd == true)
  }

  @Test func `a start heard after its end starts nothing`() {
    let ledger = EventLedger(
      worker.received("t", 1), worker.succeeded("t", 3), worker.started("t", 2))
    #expect(ledger.running == [])
  }

  @Test func `a task handed out again runs again`() {
    let other = Speaker(name: "celery@w2", pid: 200)
    let ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), worker.succeeded("t", 3),
      other.received("t", 10), other.started("t", 11))
    #expect(ledger.running == ["t"])
    #expect(ledger.task("t")?.worker == other.id)
    #expect(ledger.task("t")?.startedAt == at(11))
  }

  @Test func `a retry is received before its predecessor's end, and is not ended by it`() {
    var ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), worker.received("t", 3, retries: 1),
      worker.retried("t", 3))
    #expect(ledger.running == [])
    #expect(ledger.task("t")?.state == .received)
    ledger.absorb([worker.started("t", 4)])
    #expect(ledger.running == ["t"])
  }

  @Test func `nor when the retry has even started by then`() {
    var ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), worker.received("t", 3, retries: 1),
      worker.started("t", 3.1), worker.retried("t", 3.2))
    #expect(ledger.running == ["t"])
    ledger.absorb([worker.succeeded("t", 5)])
    #expect(ledger.running == [])
  }

  @Test func `a retry heard in order ends its attempt`() {
    let ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), worker.retried("t", 3),
      worker.received("t", 3.5, retries: 1), worker.started("t", 4), worker.retried("t", 5))
    #expect(ledger.running == [])
    #expect(ledger.task("t")?.state.isEnd == true)
  }

  @Test func `first receipts are counted once per id, without retries and redeliveries`() {
    let entry = ScheduleEntry(
      name: "e", task: "a.b", schedule: .every(Seconds(2)), source: .redBeat)
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.follow([entry], at: at(0))
    ledger.absorb([
      worker.sent("1", 1), worker.received("1", 1), worker.received("1", 2),
      worker.started("1", 2), worker.received("1", 3, retries: 1), worker.received("2", 4),
      worker.received("3", 5, task: "other"), worker.received("4", 6, arguments: "(1,)"),
    ])
    let traffic = ledger.beats.traffic(of: entry, heard: [])
    #expect(traffic.receipts == [at(1), at(4)])
    #expect(traffic.publications == [Publication(at: at(1), publisher: "gen1@web")])
  }

  @Test func `the captured duplicates of the visibility timeout are one receipt each`() throws {
    let events = try Capture.events("events_visibility_duplicates.jsonl")
    let names = Set(events.compactMap { received($0.event)?.name })
    var ledger = EventLedger(budget: CollectionBudget())
    let entries = names.flatMap { name in
      Set(events.compactMap { received($0.event) }.filter { $0.name == name }.map(PeriodicKey.init))
        .compactMap(\.self).map {
          ScheduleEntry(
            name: "\($0)", task: $0.task, argumentsText: $0.argumentsText,
            keywordArgumentsText: $0.keywordArgumentsText, schedule: .every(Seconds(1)),
            source: .redBeat)
        }
    }
    ledger.follow(entries, at: Timestamp(secondsSince1970: 0))
    for (event, moment) in events { ledger.absorb(event, receivedAt: moment) }
    let receipts = entries.map { ledger.beats.traffic(of: $0, heard: []).receipts.count }
    let announced = events.compactMap { received($0.event) }
    #expect(receipts.reduce(0, +) == Set(announced.map(\.id)).count)
    #expect(announced.count > Set(announced.map(\.id)).count)
  }

  private func received(_ event: CeleryEvent) -> TaskAnnouncement? {
    guard case .taskReceived(let task) = event.kind else { return nil }
    return task
  }

  @Test func `a message waiting in a queue tells its publisher`() {
    let entry = ScheduleEntry(
      name: "e", task: "a.b", argumentsText: "1", schedule: .every(Seconds(2)), source: .redBeat)
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.follow([entry], at: at(0))
    var message = MessageFacts(
      taskID: "1", task: "a.b", deliveryTag: "d", origin: "gen1@h", replyTo: "r",
      argumentsText: "[1]", keywordArgumentsText: "{}")
    ledger.sawMessage(message, in: "q", at: at(3))
    message.retries = 1
    message.taskID = "2"
    ledger.sawMessage(message, in: "q", at: at(4))
    #expect(
      ledger.beats.traffic(of: entry, heard: []).publications
        == [Publication(at: at(3), publisher: "gen1@h/r")])
  }

  @Test func `the lag is what lies between sending and receipt`() {
    var ledger = EventLedger(budget: CollectionBudget())
    #expect(ledger.lags.latest == nil)
    ledger.absorb(worker.heartbeat(10), receivedAt: at(12.5))
    #expect(ledger.lags.latest == Seconds(2.5))
  }
}

@Suite struct EventLedgerBoundsTests {
  private let worker = Speaker()

  private static func budget(_ change: (inout CollectionBudget) -> Void) -> CollectionBudget {
    var budget = CollectionBudget()
    change(&budget)
    return budget
  }

  @Test func `the table keeps to its limit and counts what it drops unended`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedTasks = 3 })
    for number in 1...10 { ledger.absorb([worker.received("t\(number)", Double(number))]) }
    #expect(ledger.tasks.count == 3)
    #expect(ledger.dropped == 7)
    #expect(ledger.task("t7") == nil)
    #expect(ledger.task("t8") != nil)
  }

  @Test func `what has ended makes room without a word`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedTasks = 2 })
    for number in 1...100 {
      ledger.absorb([
        worker.started("t\(number)", Double(number)),
        worker.succeeded("t\(number)", Double(number)),
      ])
    }
    #expect(ledger.tasks.count == 2)
    #expect(ledger.dropped == 0)
  }

  @Test func `a task that hangs is kept while thousands come and go`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedTasks = 50 })
    ledger.absorb([worker.received("hung", 1, task: "a.hang"), worker.started("hung", 1)])
    for number in 1...5000 {
      let moment = Double(number)
      ledger.absorb([
        worker.received("t\(number)", moment), worker.started("t\(number)", moment),
        worker.succeeded("t\(number)", moment),
      ])
    }
    #expect(ledger.running == ["hung"])
    #expect(ledger.task("hung")?.task == "a.hang")
    #expect(ledger.tasks.count == 50)
  }

  @Test func `more runs than the table holds still end`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedTasks = 5 })
    for number in 1...50 { ledger.absorb([worker.started("t\(number)", Double(number))]) }
    #expect(ledger.tasks.count == 5)
    #expect(ledger.dropped == 45)
  }

  @Test func `of more runs than a snapshot names the earliest are named and all are counted`() {
    var ledger = EventLedger(budget: Self.budget { $0.runningTasks = 2 })
    for number in 1...5 { ledger.absorb([worker.started("t\(number)", Double(number))]) }
    let excerpt = ledger.excerpt
    #expect(excerpt.running.map(\.id) == ["t1", "t2"])
    #expect(excerpt.runs == [worker.id: 5])
    #expect(excerpt.oldestStarts == [worker.id: at(1)])
  }

  @Test func `a flood of names leaves those heard last`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedWorkers = 10 })
    for number in 1...1000 {
      ledger.absorb([Speaker(name: "w\(number)", pid: number).heartbeat(Double(number))])
    }
    #expect(ledger.workers.records.count <= 10)
    #expect(ledger.heardWorkers[WorkerID(name: "w1000", pid: 1000)] != nil)
    #expect(ledger.dropped + ledger.workers.records.count == 1000)
  }

  @Test func `who is silent beyond the retention is forgotten, with what it ran`() {
    let other = Speaker(name: "celery@w2", pid: 2)
    var ledger = EventLedger(
      worker.started("lost", 1), other.started("alive", 1), other.heartbeat(100))
    ledger.forgetWorkers(unheardSince: at(50))
    #expect(Array(ledger.heardWorkers.keys) == [other.id])
    #expect(ledger.running == ["alive"])
    #expect(ledger.task("lost")?.state.isEnd == true)
  }

  @Test func `an end that was missed does not end a start heard meanwhile`() {
    var ledger = EventLedger(worker.started("t", 1))
    let missed = UnheardEnd(id: "t", startHeardAt: at(1))
    ledger.absorb([worker.started("t", 5)])
    ledger.endedUnheard(missed)
    #expect(ledger.running == ["t"])
    ledger.endedUnheard(UnheardEnd(id: "t", startHeardAt: at(5)))
    #expect(ledger.running == [])
    ledger.endedUnheard(UnheardEnd(id: "unknown", startHeardAt: at(5)))
    #expect(ledger.task("unknown") == nil)
  }

  @Test func `an excerpt has the running and the named, and the counts of all`() {
    let ledger = EventLedger(
      worker.received("a", 1), worker.started("b", 2), worker.received("c", 3))
    let excerpt = ledger.excerpt(of: ["c", "unknown"], at: at(4))
    #expect(excerpt.running.map(\.id) == ["b"])
    #expect(excerpt.named.mapValues(\.state) == ["c": .received])
    #expect(excerpt.trackedTasks == 3)
    #expect(excerpt.workers == ledger.heardWorkers)
    #expect(excerpt.received == 3)
  }

  @Test func `fifty thousand tasks at a time are taken in without slowing down`() {
    var ledger = EventLedger(budget: Self.budget { $0.trackedTasks = 50_000 })
    for number in 0..<2000 { ledger.absorb([worker.started("run\(number)", 0)]) }
    for number in 0..<120_000 { ledger.absorb([worker.received("t\(number)", 1)]) }
    #expect(ledger.tasks.count == 50_000)
    #expect(ledger.running.count == 2000)
    #expect(ledger.running.allSatisfy { ledger.task($0)?.state == .started })
  }
}

@Suite struct WorkerRecordTests {
  private let worker = Speaker()

  private func record(_ events: [CeleryEvent]) -> WorkerRecord? {
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.absorb(events)
    return ledger.heardWorkers[worker.id]
  }

  @Test func `a task event proves that it sends them`() {
    #expect(record([worker.started("t", 1)])?.sendsTaskEvents == .value(true))
  }

  @Test func `work done without an event over two heartbeats proves that it sends none`() {
    let beats = [worker.heartbeat(1, processed: 5), worker.heartbeat(3, processed: 6)]
    #expect(record(beats)?.sendsTaskEvents.value == nil)
    #expect(
      record(beats + [worker.heartbeat(5, processed: 6)])?.sendsTaskEvents == .value(false))
  }

  @Test func `an event that comes after the heartbeat of its batch counts`() {
    let events = [
      worker.heartbeat(1, processed: 5), worker.heartbeat(3, processed: 6), worker.started("t", 3),
      worker.heartbeat(5, processed: 6),
    ]
    #expect(record(events)?.sendsTaskEvents == .value(true))
  }

  @Test func `idle and unheard are different reasons`() {
    #expect(
      record([worker.heartbeat(1, processed: 5), worker.heartbeat(3, processed: 5)])?
        .sendsTaskEvents.reason == "it has finished no task since taskmon listens")
    #expect(
      record([worker.heartbeat(1)])?.sendsTaskEvents.reason
        == "neither a task event nor a heartbeat came yet")
  }

  @Test func `what was done during our own gap proves nothing`() {
    var ledger = EventLedger(worker.heartbeat(1, processed: 5))
    ledger.streamResumed()
    ledger.absorb([
      worker.heartbeat(60, processed: 9), worker.heartbeat(62, processed: 9),
      worker.heartbeat(64, processed: 9),
    ])
    #expect(ledger.heardWorkers[worker.id]?.sendsTaskEvents.value == nil)
  }

  @Test func `a heartbeat without fields takes nothing back`() {
    let record = record([
      worker.event(
        .workerHeartbeat(
          WorkerState(
            frequency: Seconds(2), active: 1, processed: 7, loadAverage: [1, 2, 3],
            softwareVersion: "5.7.0")), 1),
      worker.event(.workerHeartbeat(WorkerState(frequency: Seconds(5))), 2),
    ])
    #expect(
      record?.state
        == WorkerState(
          frequency: Seconds(5), active: 1, processed: 7, loadAverage: [1, 2, 3],
          softwareVersion: "5.7.0"))
  }

  @Test func `a worker that comes back after its goodbye is not offline`() {
    let events = [worker.heartbeat(1), worker.offline(2)]
    #expect(record(events)?.offlineSince == at(2))
    #expect(record(events + [worker.heartbeat(9)])?.offlineSince == nil)
  }

  @Test func `ages stay when the wall clock is set`() {
    var ledger = EventLedger(worker.heartbeat(10), worker.started("t", 11))
    ledger.clockJumped(by: Seconds(3600))
    #expect(ledger.heardWorkers[worker.id]?.lastHeard == at(3611))
    #expect(ledger.task("t")?.startHeardAt == at(3611))
    #expect(ledger.task("t")?.startedAt == at(11))
  }
}
