import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("The offer to enable task events")
struct EventsDialogTests {
  static let first = WorkerID(name: "celery@w1", pid: 311)
  static let second = WorkerID(name: "celery@w2", pid: 321)

  @Test("E names the workers; nobody is asked before one line is chosen")
  func dialog() {
    var console = Console.showing(SampleData.quietData, view: .tasks)
    #expect(console.handle(.key(.character("E"))) == [])
    let lines = console.lines.joined(separator: "\n")
    #expect(lines.contains("celery@w1  pid") && lines.contains("celery@w2  pid"))
    #expect(!lines.contains("celery@w3  pid"), "it is lost")
    #expect(!lines.contains("celery@w4"), "it has said goodbye")
    #expect(console.handle(.key(.enter)) == [], "the first line is nobody")
    _ = console.handle(.key(.character("E")))
    _ = console.handle(.key(.escape))
    #expect(console.scopeIsTable)
  }

  @Test(
    "all of them are asked, or one alone",
    arguments: [(1, [first, second]), (2, [first]), (3, [second])])
  func choosing(line: Int, asked: [WorkerID]) {
    var console = Console.showing(SampleData.quietData, view: .workers, keys: [.character("E")])
    for _ in 0..<line { _ = console.handle(.key(.down)) }
    #expect(console.handle(.key(.enter)) == [.enableEvents(asked)])
    #expect(console.lines.last?.contains("to send task events") == true)
  }

  @Test("Where all send events, where workers may not be asked, and in a replay it is refused")
  func refusals() {
    func answer(_ data: ConsoleData, followsClock: Bool = true) -> String {
      var console = Console(
        data: data, options: ConsoleOptions(view: .tasks, followsClock: followsClock),
        pages: SampleData.page(of:))
      _ = console.handle(.resize(columns: 100, rows: 24))
      #expect(console.handle(.key(.character("E"))) == [.bell])
      return console.lines.last ?? ""
    }
    #expect(answer(SampleData.data()).contains("every worker that is up sends task events"))
    #expect(answer(SampleData.quietData, followsClock: false).contains("nobody to ask"))
    let readOnly = SampleData.data { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.inspection.suspended = "--read-only asks no worker"
      return snapshot
    }
    #expect(answer(readOnly).contains("--read-only asks no worker"))
    #expect(answer(SampleData.emptyData).contains("nobody to ask"))
  }

  @Test("A worker that has been asked and has agreed is not offered again")
  func agreed() {
    let data = SampleData.data { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.workers = snapshot.workers.map { workers in
        var workers = workers
        workers[1].sendsTaskEvents = .value(false)
        workers[1].eventsEnabledAt = SampleData.ago(3)
        return workers
      }
      return snapshot
    }
    var console = Console.showing(data, view: .tasks)
    #expect(console.handle(.key(.character("E"))) == [.bell])
  }
}

extension Console {
  /// Keys go to the table again.
  fileprivate var scopeIsTable: Bool { lines.last?.contains("filter") == true }
}
