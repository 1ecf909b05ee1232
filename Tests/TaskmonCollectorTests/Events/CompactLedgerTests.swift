import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What the ledger makes of events; times are seconds on one clock.
struct CompactLedgerTests {
  private let worker = WorkerID(name: "w1@vm", pid: 7)

  @Test("a task's life is followed from its sending to its end")
  func life() throws {
    var ledger = Listener()
    ledger.hear("task-sent", at: 1, from: "gen3@web", #""name":"shop.mail","queue":"high""#)
    ledger.hear("task-received", at: 2, #""name":"shop.mail","args":"(1,)""#)
    ledger.hear("task-started", at: 3)
    #expect(
      ledger.value.running(atMost: 9) == [
        TaskSighting(
          id: "u", task: "shop.mail", queue: "high", worker: worker, state: .started, retries: 0,
          starts: 1, deliveries: 1, sentAt: at(1), receivedAt: at(2), startedAt: at(3),
          endedAt: nil, eta: nil, startHeardAt: at(1003))
      ])
    ledger.hear("task-succeeded", at: 5, #""runtime":1.75"#)
    #expect(ledger.value.running(atMost: 9) == [])
    #expect(ledger.value.task("u")?.state == .succeeded)
    let all = ledger.value.allSeries()
    let series = try #require(all.first { $0.node == "w1@vm" }?.series)
    #expect(series.counts == [0, 1, 1, 1, 0, 0, 0, 0])
    #expect(series.runtime.sum == Seconds(1.75))
    #expect(series.wait.sum == Seconds(2))
    #expect(
      all.map { [$0.task, $0.node, $0.queue] } == [
        ["shop.mail", "web", "high"], ["shop.mail", "w1@vm", "high"],
      ])
    #expect(ledger.value.runtimes(of: "shop.mail")?.runs == 1)
    #expect(
      ledger.value.publishers(of: "shop.mail") == [
        PublisherSighting(origin: "gen3@web", count: 1, first: at(1001), last: at(1001))
      ])
  }

  @Test("an end that is heard before its start stays the end")
  func endFirst() {
    var ledger = Listener()
    ledger.hear("task-received", at: 1, #""name":"a""#)
    ledger.hear("task-succeeded", at: 3, #""runtime":1"#)
    ledger.hear("task-started", at: 2)
    #expect(ledger.value.task("u")?.state == .succeeded)
    #expect(ledger.value.task("u")?.startedAt == at(2))
    #expect(ledger.value.tasks.runs == 0)
  }

  @Test("the next attempt may be heard before the retry that caused it")
  func retry() {
    var ledger = Listener()
    ledger.hear("task-received", at: 1, #""name":"a""#)
    ledger.hear("task-started", at: 2)
    ledger.hear("task-received", at: 3, #""name":"a","retries":1,"eta":"1970-01-01T00:00:09""#)
    ledger.hear("task-retried", at: 4, #""exception":"KeyError('x')""#)
    #expect(ledger.value.task("u")?.state == .received)
    ledger.hear("task-started", at: 10)
    #expect(ledger.value.task("u")?.starts == 1)
    #expect(ledger.value.duplicates.isEmpty)
    ledger.hear("task-retried", at: 11, #""exception":"KeyError('y')""#)
    #expect(ledger.value.task("u")?.state == .retrying)
    // A wait for the eta is no wait: one second each.
    #expect(ledger.value.allSeries().first?.series.wait.sum == Seconds(2))
  }

  @Test("a second start of a second delivery is a duplicate execution, a replacement is none")
  func duplicate() {
    var ledger = Listener()
    ledger.hear("task-received", at: 1, #""name":"a""#)
    ledger.hear("task-started", at: 2)
    ledger.hear("task-received", at: 8, from: "w2@vm", #""name":"a""#)
    #expect(ledger.value.duplicates.isEmpty)
    ledger.hear("task-started", at: 9, from: "w2@vm")
    #expect(
      ledger.value.duplicates == [
        CompactLedger.Duplicate(
          id: "u", task: "a", first: worker, firstAt: at(2),
          second: WorkerID(name: "w2@vm", pid: 7), secondAt: at(9))
      ])
    var replaced = Listener()
    replaced.hear("task-received", at: 1, #""name":"a""#)
    replaced.hear("task-started", at: 2)
    replaced.hear("task-received", at: 3, #""name":"b","parent_id":"u""#)
    replaced.hear("task-started", at: 4)
    #expect(replaced.value.duplicates.isEmpty)
    #expect(replaced.value.task("u")?.task == "b")
  }

  @Test("a failure is kept with class, message and traceback, and counted by class")
  func failure() throws {
    var ledger = Listener()
    ledger.hear("task-received", at: 1, #""name":"a""#)
    ledger.hear(
      "task-failed", at: 2,
      #""exception":"requests.ConnectionError('caf\u00e9')","traceback":"T\n\"x\"""#)
    #expect(
      ledger.value.failures(atMost: 9) == [
        FailureSighting(
          id: "u", at: at(2), task: "a", node: "w1@vm", isRetry: false,
          className: "ConnectionError", exception: "requests.ConnectionError('café')",
          traceback: "T\n\"x\"")
      ])
    ledger.hear(
      "task-failed", id: "v", at: 3,
      #""exception":"ExceptionWithTraceback()","traceback":"T\nbilliard.WorkerLostError: 9\n""#)
    ledger.hear("task-failed", id: "x", at: 4, #""exception":"NotRegistered('no.such')""#)
    let failures = ledger.value.allSeries().map { [$0.task: $0.failures] }
    #expect(
      failures == [
        ["a": ["ConnectionError": 1]], [nil: ["WorkerLostError": 1]],
        ["no.such": ["NotRegistered": 1]],
      ])
    let recent = ledger.value.recent.totals(at: at(1010))
    #expect(recent.filter { $0.key.what == .workerLost }.values.reduce(0, +) == 1)
    #expect(recent.filter { $0.key.what == .completed }.values.reduce(0, +) == 3)
  }

  @Test("of many failures the latest are kept, the newest first")
  func ring() {
    var limits = CompactLedger.Limits()
    limits.failures = 3
    var ledger = Listener(limits)
    for number in 1...7 {
      ledger.hear("task-failed", id: "t\(number)", at: Double(number), #""exception":"E()""#)
    }
    #expect(ledger.value.failures(atMost: 9).map(\.id) == ["t7", "t6", "t5"])
    #expect(ledger.value.failures(atMost: 1).map(\.id) == ["t7"])
  }

  @Test("a queue comes from the sending, else the message, else the worker, else the default")
  func queues() {
    var ledger = Listener()
    ledger.value.noteOnlyQueue("only", ofNode: "w2@vm")
    ledger.hear("task-sent", id: "1", at: 1, from: "gen1@web", #""name":"a","queue":"sent""#)
    ledger.hear("task-received", id: "1", at: 2, from: "w2@vm", #""name":"a""#)
    ledger.hear("task-received", id: "2", at: 2, from: "w2@vm", #""name":"a""#)
    ledger.value.noteQueue("seen", of: "2")
    ledger.hear("task-started", id: "2", at: 3, from: "w2@vm")
    ledger.hear("task-received", id: "3", at: 2, #""name":"a""#)
    let found = ledger.value.allSeries().map { "\($0.node) \($0.queue) \($0.series.counts[1...2])" }
    #expect(
      found == [
        "web sent [0, 0]", "w2@vm sent [1, 0]", "w2@vm only [1, 0]", "w2@vm seen [0, 1]",
        "w1@vm celery [1, 0]",
      ])
  }

  @Test("everything is bounded: tasks, series, names, texts of odd ids")
  func bounds() {
    var limits = CompactLedger.Limits()
    (limits.tasks, limits.names, limits.series, limits.textIDs) = (50, 10, 5, 8)
    (limits.workers, limits.recent, limits.duplicates) = (4, 6, 2)
    var ledger = Listener(limits)
    for number in 1...500 {
      let id = "odd \(number)"
      for type in ["task-received", "task-started", "task-received", "task-started"] {
        ledger.hear(
          type, id: id, at: Double(number), from: "w\(number)@vm", #""name":"n\#(number)""#)
      }
      ledger.hear("task-failed", id: id, at: Double(number), #""exception":"E\#(number)()""#)
    }
    let value = ledger.value
    #expect(value.tasks.count == 50 && value.textIDs.count <= 8 && value.names.count == 11)
    #expect(value.series.all.count == 6 && value.workers.records.count == 4)
    #expect(value.series.failures.count <= 7 && value.duplicates.count == 2)
    #expect(value.series.all.reduce(0) { $0 + $1[.received] } == 1000, "none is lost from sight")
    #expect(value.recent.totals(at: at(1600)).count <= 6)
  }

  @Test("an id that is no UUID is shown as it was sent, and a run known over ends")
  func oddIDs() {
    var ledger = Listener()
    ledger.hear("task-started", id: #"order \u00e9 17"#, at: 1)
    #expect(ledger.value.running(atMost: 9).map(\.id) == ["order é 17"])
    ledger.value.endedUnheard("order é 17")
    #expect(ledger.value.running(atMost: 9) == [])
  }

  @Test("workers are heard by name and pid, with what their heartbeats say")
  func workers() {
    var ledger = Listener()
    ledger.hear("worker-heartbeat", at: 1, #""freq":2.0,"active":3,"processed":10"#)
    ledger.hear("worker-offline", at: 9, #""processed":12"#)
    let heard = ledger.value.heardWorkers
    #expect(heard.keys.map { $0 } == [worker])
    #expect(heard[worker]?.state.processed == 12)
    #expect(heard[worker]?.offlineSince == at(1009))
    #expect(ledger.value.count(of: .workerHeartbeat) == 1)
    #expect(ledger.value.received == 2)
  }

  private func at(_ seconds: Double) -> Timestamp { Timestamp(secondsSince1970: seconds) }
}

/// A ledger and the scanner before it; an event is heard a thousand seconds after it was sent.
struct Listener {
  var value: CompactLedger
  private var scanner = EventScanner()

  init(_ limits: CompactLedger.Limits = CompactLedger.Limits()) {
    value = CompactLedger(limits: limits, seed: 5)
  }

  mutating func hear(
    _ type: String, id: String = "u", at moment: Double, from host: String = "w1@vm",
    _ more: String = #""x":0"#
  ) {
    let body =
      #"{"type":"\#(type)","uuid":"\#(id)","hostname":"\#(host)","pid":7,"#
      + #""timestamp":\#(moment),\#(more)}"#
    let payload = JSONWriter.bytes(of: ["body": .string(body)])
    do {
      _ = try scanner.scan(payload.span) { [now = Timestamp(secondsSince1970: moment + 1000)] in
        value.absorb($0, in: $1, receivedAt: now)
      }
    } catch { Issue.record(error) }
  }
}
