import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Filters and finding")
struct ConsoleTypingTests {
  static func press(_ console: inout Console, _ text: String) {
    for character in text {
      _ = console.handle(.key(character == "\n" ? .enter : .character(character)))
    }
  }

  @Test(
    "n and N go from match to match, around the end, even after the filter is cleared",
    arguments: [
      ("n", "lost-worker"), ("nn", "multiple-beats"), ("N", "lost-worker"),
      ("nN", "multiple-beats"),
    ])
  func nextMatch(keys: String, rule: String) {
    var console = Console.showing(SampleData.data(SampleData.troubled), columns: 140)
    Self.press(&console, "/heartbeat\n")
    _ = console.handle(.key(.escape))
    #expect(console.lines.contains { $0.contains("oversized-result") })
    // The filter's only match is one row; the other pattern below has two.
    Self.press(&console, "n")
    #expect(console.selectedLine?.contains("lost-worker") == true)
    Self.press(&console, "g/be\n")
    _ = console.handle(.key(.escape))
    _ = console.handle(.key(.home))
    Self.press(&console, keys)
    #expect(console.selectedLine?.contains(rule) == true)
  }

  @Test("With the filter in place n goes round the rows that are left")
  func nextFiltered() {
    var console = Console.showing(SampleData.data(SampleData.troubled), columns: 140)
    Self.press(&console, "/critical\n")
    #expect(console.selectedLine?.contains("multiple-beats") == true)
    Self.press(&console, "n")
    #expect(console.selectedLine?.contains("stuck-task") == true)
    Self.press(&console, "n")
    #expect(console.selectedLine?.contains("multiple-beats") == true)
  }

  @Test("On a page / finds as one types and n goes on, with the line marked")
  func findsOnPage() {
    var console = Console.showing(
      SampleData.data(SampleData.troubled), keys: [.down, .enter, .character("/")])
    Self.press(&console, "limit")
    #expect(console.lines.last?.contains("find: limit") == true)
    #expect(console.selectedLine?.lowercased().contains("limit") == true)
    _ = console.handle(.key(.enter))
    var seen: [String] = []
    for _ in 0..<12 {
      seen.append(console.selectedLine ?? "")
      Self.press(&console, "n")
    }
    #expect(seen.allSatisfy { $0.lowercased().contains("limit") })
    #expect(seen.contains { $0.contains("task_soft_time_limit") })
    #expect(Set(seen).count < seen.count, "it goes round")
    let last = console.selectedLine
    Self.press(&console, "Nn")
    #expect(console.selectedLine == last)
  }

  @Test("What is on no line of a page is refused in words")
  func findsNothing() {
    var console = Console.showing(SampleData.data(), keys: [.character("?")])
    Self.press(&console, "/nothing-like-it\n")
    #expect(console.selectedLine == nil)
    #expect(console.handle(.key(.character("n"))) == [.bell])
    #expect(console.lines.last?.contains("no line has nothing-like-it") == true)
    _ = console.handle(.key(.down))
    #expect(console.lines.last?.contains("no line has") == false, "until the next key")
  }

  @Test("What is typed has an end")
  func endless() {
    var console = Console.showing(SampleData.data(), view: .queues, keys: [.character("/")])
    Self.press(&console, String(repeating: "x", count: 5_000))
    for _ in 0..<200 { _ = console.handle(.key(.backspace)) }
    #expect(console.lines.contains { $0.contains("celery") })
  }

  static let heads = ["NAME", "LATE BY", "LAST 30m"].map { title in
    Column<Int>(title, .fill(4), help: "") { _ in .none }.head
  }
  static let row = TableRow(
    id: "r", cells: [TableCell("redis://Host"), TableCell("12s"), TableCell("▁▂")])

  @Test(
    "A filter asks of words, of absence, and of one column",
    arguments: [
      ("", true), ("host", true), ("HOST 12", true), ("host 13", false), ("!host", false),
      ("!nothing", true), ("name:host", true), ("late:host", false), ("late_by:12", true),
      ("late-by:12", true), ("!late:12", false), ("!late:13", true), ("la:12", true),
      ("last:12", false), ("redis://host", true), ("xname:host", false), ("name:", true),
      ("!", true), (":", true), ("name:redis://", true),
    ])
  func filters(text: String, matches: Bool) {
    #expect(TableFilter(text, Self.heads).matches(Self.row) == matches)
  }

  @Test("A row with fewer cells than columns has nothing in the missing ones")
  func shortRow() {
    let row = TableRow(id: "r", cells: [TableCell("a")])
    #expect(!TableFilter("late:1", Self.heads).matches(row))
    #expect(TableFilter("!late:1", Self.heads).matches(row))
  }
}
