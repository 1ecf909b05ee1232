import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("A look at one worker")
struct ConsoleLookTests {
  private static let id = WorkerID(name: "celery@w1", pid: 311)
  private static let other = WorkerID(name: "celery@w2", pid: 321)

  private static func console(keys: [Key] = []) -> Console {
    Console.showing(SampleData.data(), columns: 120, rows: 80, view: .workers, keys: keys)
  }

  private static func tick(_ console: inout Console, _ seconds: Double) -> [Effect] {
    console.handle(.tick(SampleData.now + Seconds(seconds)))
  }

  @Test("A worker is asked when its page opens, again after ten seconds, and never before")
  func asks() {
    var console = Self.console()
    #expect(console.handle(.key(.enter)) == [.ask(Self.id)])
    #expect(console.lines.contains { $0.contains("asking…") })
    #expect(Self.tick(&console, 30) == [], "it has not answered yet")
    #expect(console.handle(.answered(SampleData.holdings)) == [.ask(Self.id)])
    #expect(console.lines.contains { $0.contains("asking again…") })
    #expect(console.lines.contains { $0.contains("remind:4") }, "what is known stays")
    #expect(console.handle(.answered(SampleData.holdings)) == [])
    #expect(Self.tick(&console, 39) == [])
    #expect(Self.tick(&console, 40) == [.ask(Self.id)])
    #expect(Self.tick(&console, 99) == [])
    #expect(Self.tick(&console, 100) == [.ask(Self.id)], "an answer that is lost is not waited for")
  }

  @Test("Nobody is asked once the page is left, nor while the screen is held")
  func leaves() {
    var console = Self.console(keys: [.enter])
    _ = console.handle(.answered(SampleData.holdings))
    #expect(console.handle(.key(.character("p"))) == [])
    #expect(Self.tick(&console, 60) == [])
    #expect(console.handle(.key(.character("p"))) == [.ask(Self.id)])
    #expect(console.handle(.key(.escape)) == [])
    #expect(Self.tick(&console, 90) == [])
    #expect(console.handle(.key(.enter)) == [.ask(Self.id)], "a page that opens anew asks anew")
    #expect(!console.lines.contains { $0.contains("remind:4") })
  }

  @Test("An answer of a worker that is not looked at is dropped")
  func late() {
    var console = Self.console(keys: [.enter, .escape, .down, .enter])
    _ = console.handle(.answered(SampleData.holdings))
    #expect(!console.lines.contains { $0.contains("remind:4") })
    #expect(console.lines.contains { $0.contains("asking…") })
  }

  @Test("Who is not there is not asked, and a snapshot that is replayed asks nobody")
  func absent() {
    var console = Self.console(keys: [.end])
    #expect(console.handle(.key(.enter)) == [])
    #expect(console.lines.contains { $0.contains("? not asked: it is not there") })
    var replay = Console(
      data: SampleData.data(), options: ConsoleOptions(view: .workers, followsClock: false),
      pages: SampleData.page(of:))
    _ = replay.handle(.resize(columns: 120, rows: 80))
    #expect(replay.handle(.key(.enter)) == [])
    #expect(replay.lines.contains { $0.contains("? not asked") })
  }

  @Test(
    "Why it was not asked is said once",
    arguments: [
      "not asked: --read-only asks no worker", "not asked: Redis is at 97 % of maxmemory",
      "not asked: it owes an answer",
    ])
  func silent(_ reason: String) {
    var console = Self.console(keys: [.enter])
    _ = console.handle(
      .answered(WorkerHoldings(worker: Self.id, askedAt: SampleData.now, silent: reason)))
    #expect(console.lines.count { $0.contains("? \(reason)") } == 1)
  }

  @Test("Other pages ask nobody", arguments: [ViewID.queues, .tasks, .running, .audit, .beat])
  func otherPages(_ view: ViewID) {
    var console = Console.showing(SampleData.data(), view: view)
    #expect(console.handle(.key(.enter)) == [])
  }
}
