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
    #expect(RunningView.page("gone", context) == nil)
  }
}
