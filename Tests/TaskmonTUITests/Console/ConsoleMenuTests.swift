import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Menus")
struct ConsoleMenuTests {
  static func saved(_ effects: [Effect]) -> ViewFile? {
    guard case .save(let file)? = effects.first else { return nil }
    return file
  }

  @Test("The sort menu begins at the column sorted by, and its first line ends sorting")
  func sortMenu() {
    var console = Console.showing(SampleData.data(), view: .queues)
    for key in [Key.character("s"), .down, .down, .enter, .character("s")] {
      _ = console.handle(.key(key))
    }
    #expect(console.selectedLine?.contains("READY▲") == true)
    _ = console.handle(.key(.character("I")))
    #expect(console.lines.contains { $0.contains("READY▼") })
    _ = console.handle(.key(.home))
    _ = console.handle(.key(.enter))
    #expect(!console.lines.contains { $0.contains("▲ ") || $0.contains("READY▼") })
    #expect(console.selectedLine?.contains("celery") == true)
  }

  @Test("A menu longer than the window scrolls with its cursor")
  func longMenu() {
    var console = Console.showing(
      SampleData.data(), columns: 60, rows: 15, view: .workers, keys: [.character("s")])
    #expect(!console.lines.contains { $0.contains("UPTIME") })
    _ = console.handle(.key(.end))
    #expect(console.selectedLine == nil || console.lines.contains { $0.contains("UPTIME") })
    _ = console.handle(.key(.enter))
    _ = console.handle(.key(.character("w")))
    _ = console.handle(.key(.character("s")))
    #expect(console.lines.contains { $0.contains("▌ UPTIME▲") })
  }

  @Test("A click takes a line of the menu, beside it the menu closes")
  func clicks() {
    var console = Console.showing(SampleData.data(), view: .queues, keys: [.character("s")])
    let line = console.lines.firstIndex { $0.contains("messages waiting") } ?? 0
    _ = console.handle(.click(row: line, column: 4))
    #expect(console.lines.contains { $0.contains("READY▲") })
    _ = console.handle(.key(.character("s")))
    #expect(console.handle(.click(row: 22, column: 4)) == [])
    #expect(!console.lines.contains { $0.contains("sort by") })
  }

  @Test("e offers the formats and saves the rows as they are chosen and ordered")
  func save() throws {
    var console = Console.showing(SampleData.data(), view: .queues)
    for key in ["/", "!", "c", "e", "l"].map({ Key.character($0) }) + [.enter] {
      _ = console.handle(.key(key))
    }
    _ = console.handle(.key(.character("e")))
    #expect(console.lines.contains { $0.contains("spreadsheet") })
    let file = try #require(Self.saved(console.handle(.key(.enter))))
    #expect(file.name == "taskmon-queues-20260102T140322Z")
    #expect(file.rowCount == 2)
    let lines = file.text.split(separator: "\r\n")
    #expect(
      lines.map { $0.split(separator: ",").first ?? "" } == ["queue", "billing", "reports"])
  }

  @Test("What became of a file is told until the next key")
  func told() {
    var console = Console.showing(SampleData.data())
    _ = console.handle(.told(ConsoleMessage("3 rows saved in x.csv")))
    _ = console.handle(.update(SampleData.data()))
    #expect(console.lines.last == " 3 rows saved in x.csv")
    _ = console.handle(.key(.down))
    #expect(console.lines.last?.contains("x.csv") == false)
  }
}

@Suite("Files of views")
struct ViewFileTests {
  static let heads = [
    Column<Int>("NAME", .fill(4), help: "") { _ in .none },
    Column<Int>("LATE BY", .fill(4), unit: .seconds, help: "") { _ in .none },
    Column<Int>("LAST", .fill(4), help: "") { _ in .none },
  ].map(\.head)

  static func file(_ rows: [[TableCell]], _ format: ViewFile.Format) -> ViewFile {
    let rows = rows.map { TableRow(id: "", cells: $0) }
    return ViewFile(
      .beat, Table(heads: heads, rows: rows), rows, of: SampleData.snapshot(at: SampleData.now),
      as: format)
  }

  @Test("CSV holds amounts and moments as such; unknown is ?, nothing is empty")
  func csv() {
    let file = Self.file(
      [
        [
          TableCell("a"), TableCell("4m12s", number: 252.50004),
          TableCell("x", moment: SampleData.now),
        ],
        [TableCell("b, \"c\""), .unknown, .none],
        [TableCell("d"), TableCell("", number: -3), .none],
      ], .csv)
    #expect(
      file.text == "name,late_by_seconds,last\r\na,252.5,2026-01-02T14:03:22Z\r\n"
        + "\"b, \"\"c\"\"\",?,\r\nd,-3,\r\n")
  }

  @Test("JSON leaves out what there is not and has null for what is unknown")
  func json() {
    let file = Self.file(
      [
        [TableCell("a\u{1B}"), .unknown, .none], [TableCell("b"), TableCell("", number: 2), .none],
      ],
      .json)
    let rows = file.text.filter { $0 != " " && $0 != "\n" }
    #expect(
      rows == "{\"view\":\"beat\",\"broker\":\"redis://redis.internal:6379/0\","
        + "\"takenAt\":\"2026-01-02T14:03:22Z\",\"rows\":["
        + "{\"name\":\"a\\u001b\",\"late_by_seconds\":null},"
        + "{\"name\":\"b\",\"late_by_seconds\":2}]}")
  }

  @Test(
    "No text of a CSV is a formula or steers a terminal",
    arguments: [
      ("=1+1", "\"'=1+1\""), ("+1", "\"'+1\""), ("-cmd", "\"'-cmd\""),
      ("@SUM(A1)", "\"'@SUM(A1)\""),
      (" =1", "\"' =1\""), ("＝1", "\"'＝1\""), ("\t=1", "\\x09=1"), ("\r\n=1", "\\x0d\\x0a=1"),
      ("a\u{1B}[31m", "a\\x1b[31m"), ("plain", "plain"), ("a=b", "a=b"), ("", ""),
      ("=\"x\",1", "\"'=\"\"x\"\",1\""), ("a ", "\"a \""),
    ])
  func injection(text: String, field: String) {
    #expect(CSV.field(text) == field)
  }

  @Test("Every view can be saved whole, with one name per column", arguments: ViewID.allCases)
  func everyView(_ view: ViewID) throws {
    let keys = ViewRegistry.view(view).heads.map(\.fileKey)
    #expect(Set(keys).count == keys.count)
    #expect(keys.allSatisfy { !$0.isEmpty && !$0.contains(" ") })
    var console = Console.showing(
      SampleData.data(SampleData.troubled), view: view, keys: [.character("e"), .down])
    let file = try #require(ConsoleMenuTests.saved(console.handle(.key(.enter))))
    #expect(file.format == .json)
    let context = try #require(SampleData.context(SampleData.data(SampleData.troubled)))
    #expect(file.rowCount == ViewRegistry.view(view).table(context).rows.count)
  }
}

@Suite("Clipboard")
struct ClipboardTextTests {
  @Test(
    "Only names and ids may be copied",
    arguments: [
      ("celery@w1.example-host", true), ("a:b_c", true), ("", false), ("a b", false),
      ("a;b", false),
      ("a\u{7}", false), ("a\u{1B}]52;", false), ("ä", false), ("$(x)", false), ("a/b", false),
      (String(repeating: "a", count: 256), true), (String(repeating: "a", count: 257), false),
    ])
  func safe(text: String, isSafe: Bool) {
    #expect(ClipboardText.isSafe(text) == isSafe)
  }
}
