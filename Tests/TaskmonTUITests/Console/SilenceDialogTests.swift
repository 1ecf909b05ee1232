import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Silencing a finding")
struct SilenceDialogTests {
  private static func type(_ text: String, into console: inout Console) -> [Effect] {
    text.flatMap { console.handle(.key(.character($0))) }
  }

  private static var data: ConsoleData { SampleData.data(SampleData.troubled) }

  private static var worst: Finding? { data.report.findings.first }

  @Test(
    "a offers an hour, eight, or until it ends, and wants to know why",
    arguments: [(1, 3600.0), (2, 28_800), (3, nil)])
  func silences(line: Int, seconds: Double?) throws {
    let worst = try #require(Self.worst)
    let now = try #require(Self.data.snapshot?.takenAt)
    var console = Console.showing(Self.data, view: .health, keys: [.character("a")])
    let menu = console.lines.joined(separator: "\n")
    #expect(menu.contains("silence \(worst.rule) \(worst.subject)"))
    #expect(menu.contains("leave it") && !menu.contains("tell again"))
    for _ in 0..<line { _ = console.handle(.key(.down)) }
    #expect(console.handle(.key(.enter)) == [], "nothing without a reason")
    #expect(console.lines.last?.hasPrefix(" because: ") == true)
    #expect(console.handle(.key(.enter)) == [.bell], "an empty reason is none")
    #expect(Self.type(" qa migration ", into: &console) == [])
    #expect(console.lines.last?.contains("qa migration") == true, "q does not quit here")
    let wanted = Silence(
      rule: worst.rule, subject: worst.subject, until: seconds.map { now + Seconds($0) },
      reason: "qa migration")
    #expect(console.handle(.key(.enter)) == [.silence(wanted)])
    #expect(console.lines.last?.contains("because:") == false)
  }

  @Test("Esc leaves it as it is, in the menu and in the reason")
  func leaves() {
    var console = Console.showing(Self.data, view: .health, keys: [.character("a")])
    #expect(console.handle(.key(.enter)) == [], "the first line changes nothing")
    for key in [Key.character("a"), .down, .enter, .character("x"), .escape] {
      #expect(console.handle(.key(key)) == [])
    }
    #expect(console.lines.last?.contains("because:") == false)
  }

  @Test("What is silenced stands below, counts for nothing, and can be told again")
  func ends() throws {
    let worst = try #require(Self.worst)
    var data = Self.data
    var book = SilenceBook([
      Silence(rule: worst.rule, subject: worst.subject, until: nil, reason: "known")
    ])
    data.report = book.apply(to: data.report).report
    var console = Console.showing(data, view: .health)
    let row = try #require(console.lines.firstIndex { $0.hasPrefix(" silenced ") })
    #expect(console.lines[row].contains(worst.rule.rawValue))
    for _ in 0..<data.report.present.count { _ = console.handle(.key(.down)) }
    _ = console.handle(.key(.enter))
    #expect(console.lines.contains { $0.contains("silenced because") && $0.contains("known") })
    _ = console.handle(.key(.character("a")))
    #expect(console.lines.contains { $0.contains("tell again") }, "over the page as well")
    _ = console.handle(.key(.down))
    #expect(console.handle(.key(.enter)) == [.endSilence(worst.rule, subject: worst.subject)])
  }

  @Test("Only a finding that holds can be silenced, and none of another time")
  func refusals() {
    var elsewhere = Console.showing(Self.data, view: .queues)
    #expect(elsewhere.handle(.key(.character("a"))) == [.bell])
    #expect(elsewhere.lines.last?.contains("choose a finding first, in view 1") == true)
    var replay = Console(
      data: Self.data, options: ConsoleOptions(followsClock: false),
      pages: SampleData.page(of:))
    _ = replay.handle(.resize(columns: 100, rows: 24))
    #expect(replay.handle(.key(.character("a"))) == [.bell])
    #expect(replay.lines.last?.contains("a snapshot of another time") == true)
  }
}
