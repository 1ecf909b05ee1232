import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Running view")
struct RunningViewTests {
  private static func cells(_ id: String, _ context: ViewContext) -> [String: String] {
    let table = RunningView.table(context)
    guard let row = table.rows.first(where: { $0.subject == id }) else { return [:] }
    return Dictionary(
      zip(table.heads.map(\.title), row.cells.map(\.text)), uniquingKeysWith: { $1 })
  }

  @Test("Runs past their limit stand first, then the longest")
  func order() throws {
    let context = try TasksViewTests.context()
    #expect(
      RunningView.table(context).rows.map(\.subject) == [
        "5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11", "report:7", "c1e2", "d4f5",
      ])
  }

  @Test("A limit that is none is not one that is unknown")
  func limits() throws {
    let context = try TasksViewTests.context()
    #expect(Self.cells("report:7", context)["LIMIT"] == "none")
    #expect(Self.cells("report:7", context)["OF LIMIT"] == "-")
    #expect(Self.cells("d4f5", context)["LIMIT"] == "?")
    #expect(Self.cells("d4f5", context)["OF LIMIT"] == "?")
    #expect(Self.cells("c1e2", context)["OF LIMIT"] == "█████··· 63%")
    #expect(
      Self.cells("5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11", context)["OF LIMIT"] == "████████ 1417%")
  }

  @Test("A run whose end may have gone unheard is marked")
  func unconfirmed() throws {
    let context = try TasksViewTests.context()
    #expect(Self.cells("d4f5", context)["FOR"] == "~40ms")
    #expect(Self.cells("c1e2", context)["FOR"] == "38s")
  }

  @Test("Nothing runs, or it is not known: two different sentences")
  func none() throws {
    let idle = try TasksViewTests.context { $0.running = .value([]) }
    #expect(RunningView.table(idle).lead.map(\.text) == [" No task runs."])
    let unknown = try TasksViewTests.context { $0.running = .unavailable("nobody answers") }
    #expect(RunningView.table(unknown).unknownReason == "What runs is not known: nobody answers")
    let quiet = try TasksViewTests.context { snapshot in
      snapshot.running = .value([])
      snapshot.workers = snapshot.workers.map { workers in
        var workers = workers
        workers[0].sendsTaskEvents = .value(false)
        return workers
      }
    }
    #expect(
      RunningView.table(quiet).lead.map(\.text) == [" No task runs as far as is known."])
  }

  @Test("That nothing runs is known of workers that tell or have answered, and of no others")
  func untold() throws {
    func lead(_ events: Observation<Bool>, _ answer: Observation<ActiveReply>) throws -> [String] {
      let context = try TasksViewTests.context { snapshot in
        snapshot.running = .value([])
        snapshot.workers = snapshot.workers.map { workers in
          var workers = workers
          workers[0].sendsTaskEvents = events
          workers[0].activeReply = answer
          return workers
        }
      }
      return RunningView.table(context).lead.map(\.text)
    }
    let answer = ActiveReply(repliedAt: SampleData.ago(5), taskIDs: [])
    let (idle, unclear) = ([" No task runs."], [" No task runs as far as is known."])
    #expect(try lead(.unavailable("none came"), .unavailable("it owes an answer")) == unclear)
    #expect(try lead(.unavailable("none came"), .value(answer)) == idle)
    #expect(try lead(.value(true), .unavailable("it owes an answer")) == idle)
    #expect(try lead(.value(false), .value(answer)) == unclear)
  }

  /// A shop whose only run is this one, delivered so many seconds ago.
  private static func page(
    acknowledged: Bool?, started: Double = 60, delivered: Double? = nil, hard: Double? = nil
  ) throws -> String {
    let context = try TasksViewTests.context { snapshot in
      snapshot.running = .value([
        RunningTask(
          id: "x", task: "billing.sync", worker: WorkerID(name: "celery@w1", pid: 311),
          startedAt: SampleData.ago(started), acknowledged: acknowledged,
          limits: TaskLimits(
            hard: hard.map { Seconds($0) }, isKnown: true, hardSource: hard.map { _ in .message }),
          childPID: 77)
      ])
      snapshot.unacked = .value(
        UnackedFacts(
          count: 1,
          sample: delivered.map {
            [
              UnackedMessage(
                queue: "billing", deliveredAt: SampleData.ago($0),
                message: .value(MessageFacts(taskID: "x", deliveryTag: "t")), size: ByteCount(1))
            ]
          } ?? []))
    }
    return RunningView.page("x celery@w1", context)?.lines(width: 140).map(\.text)
      .joined(separator: "\n") ?? ""
  }

  @Test("A run's page tells when Redis would hand it out again, and whether it would")
  func redelivery() throws {
    #expect(try Self.page(acknowledged: true).contains("never: it is acknowledged"))
    #expect(try Self.page(acknowledged: nil).contains("? (no worker's answer lists it yet)"))
    let held = try Self.page(acknowledged: false, delivered: 100)
    #expect(held.contains("16:01:42 (in 1h 58m), unless it has ended by then: the visibility"))
    #expect(try Self.page(acknowledged: nil, delivered: 100).contains("16:01:42 (in 1h 58m)"))
    #expect(try Self.page(acknowledged: false).contains("at the latest 16:02:22 (in 1h 59m)"))
    #expect(
      try Self.page(acknowledged: false, delivered: 100, hard: 300)
        .contains("but its hard limit ends it before"))
    #expect(
      try Self.page(acknowledged: false, started: 7300, delivered: 7300)
        .contains("is over, it may run a second time"))
  }

  @Test("A run's page tells its process, its limits, and who says so")
  func limitsInForce() throws {
    let page = try Self.page(acknowledged: true, hard: 600)
    #expect(page.contains("10m, 10% of it gone: time_limit in its message"))
    #expect(page.contains("soft limit") && page.contains("77"))
    #expect(page.contains("late, when it has run: the task's own acks_late"))
    #expect(!page.contains("limits given with the call"))
    #expect(try Self.page(acknowledged: true).contains("? (its message is gone"))
  }

  @Test("A run's page tells its arguments safely, its message and its earlier attempts")
  func page() throws {
    let context = try TasksViewTests.context { snapshot in
      snapshot.running = .value([
        RunningTask(
          id: "invoice:2026/17", task: "billing.sync", worker: WorkerID(name: "celery@w1", pid: 1),
          startedAt: SampleData.ago(5), argumentsText: "('\u{1B}[2J',)")
      ])
      snapshot.unacked = .value(
        UnackedFacts(
          count: 1,
          sample: [
            UnackedMessage(
              queue: "billing", deliveredAt: SampleData.ago(7),
              message: .value(MessageFacts(taskID: "invoice:2026/17", deliveryTag: "t")),
              size: ByteCount(900))
          ]))
    }
    let page = RunningView.page("invoice:2026/17 celery@w1", context)
    let text = try #require(page).lines(width: 100).map(\.text).joined(separator: "\n")
    #expect(text.contains("('\\x1b[2J',)"))
    #expect(text.contains("TimeLimitExceeded(60,)"))
    #expect(text.contains("held unacknowledged") && text.contains("900 B"))
    #expect(text.contains("16:03:15 (in 1h 59m), unless it has ended by then"), "\(text)")
    #expect(RunningView.page("gone", context) == nil)
  }
}
