import TaskmonTUI
import Testing

@Suite("Tables")
struct TableTests {
  static let columns: [Column<(String, Int)>] = [
    Column("NAME", .fill(6), help: "") { TableCell($0.0) },
    Column("COUNT", .fixed(5), .right, priority: 1, help: "") {
      TableCell("\($0.1)", number: Double($0.1))
    },
    Column("EXTRA", .fit(5, 8), priority: 2, help: "") {
      TableCell(String(repeating: "x", count: $0.1))
    },
  ]

  static func table(_ rows: [(String, Int)]) -> Table {
    Table(columns, rows, id: { $0.0 })
  }

  @Test(
    "The least important columns go first, the rest takes the room",
    arguments: [
      (24, [0, 1, 2], [10, 5, 6]), (20, [0, 1, 2], [6, 5, 6]), (19, [0, 1], [12, 5]),
      (13, [0, 1], [6, 5]), (12, [0], [11]), (3, [0], [6]),
    ])
  func layout(width: Int, kept: [Int], widths: [Int]) {
    let layout = TableLayout(Self.table([("a", 2)]), width: width)
    #expect(layout.placed.map(\.index) == kept)
    #expect(layout.placed.map(\.width) == widths)
  }

  @Test(
    "A column that would cut its cells gets room to spare, at most half beside one that takes any",
    arguments: [(30, [16, 5, 6]), (40, [23, 5, 9]), (60, [42, 5, 10])])
  func cutCells(width: Int, widths: [Int]) {
    let layout = TableLayout(
      Self.table([("a", width == 30 ? 2 : width == 40 ? 9 : 10)]), width: width)
    #expect(layout.placed.map(\.width) == widths)
  }

  @Test("Without a column that takes any room the first takes it")
  func firstTakes() {
    let columns = [
      Column<String>("A", .fit(2, 4), help: "") { TableCell($0) },
      Column<String>("B", .fixed(3), help: "") { _ in TableCell("b") },
    ]
    let table = Table(columns, ["abcdefghij"], id: { $0 })
    #expect(TableLayout(table, width: 9).placed.map(\.width) == [4, 3])
    #expect(TableLayout(table, width: 12).placed.map(\.width) == [7, 3])
    #expect(TableLayout(table, width: 40).placed.map(\.width) == [35, 3])
  }

  @Test("A whole table cuts nothing; the window moves over it and its narrow first column stays")
  func whole() {
    let columns = [
      Column<String>("ID", .fixed(2), help: "") { _ in TableCell("id") },
      Column<String>("TEXT", .fit(2, 4), priority: 1, help: "") { TableCell($0) },
      Column<String>("END", .fixed(3), priority: 2, help: "") { _ in TableCell("日本") },
    ]
    let table = Table(columns, ["abcdefghijklmnopqrst"], id: { $0 })
    func line(_ shift: Int) -> String {
      var state = TableState()
      state.isWide = true
      state.shift = shift
      var screen = Screen(columns: 16, rows: 2)
      TablePainter.draw(
        table, table.rows, state.layout(table, width: 16), state: state, on: &screen, top: 0,
        bottom: 2)
      return screen.text[1]
    }
    #expect(TableLayout(table, width: 16, isWhole: true).reach == 15)
    #expect(line(0) == "▌id  abcdefghijk")
    #expect(line(10) == "▌id  klmnopqrst")
    #expect(line(13) == "▌id  nopqrst  日")
    #expect(line(15) == "▌id  pqrst  日本")
    #expect(line(16) == line(15))
    var state = TableState()
    let moved = [100, 1, -100, -1].map { state.shift(by: $0, table, width: 16) }
    #expect(moved == [true, false, true, false])
    let first = TableLayout(table, width: 16, isWhole: true, shift: 15)
    #expect(first.column(at: 2) == 0)
    #expect(first.column(at: 5) == 1)
  }

  @Test("Columns stand where they are clicked")
  func hit() {
    let layout = TableLayout(Self.table([("a", 2)]), width: 24)
    #expect(layout.column(at: 0) == nil)
    #expect(layout.column(at: 1) == 0)
    #expect(layout.column(at: 10) == 0)
    #expect(layout.column(at: 11) == nil)
    #expect(layout.column(at: 12) == 1)
    #expect(layout.column(at: 500) == nil)
  }

  @Test("Cells are aligned and clipped in their columns")
  func draws() {
    let lines = TablePainter.lines(Self.table([("日本語の名", 12), ("b", 3)]), width: 24)
    #expect(
      lines == [
        " NAME    COUNT EXTRA", " 日本語…    12 xxxxxxxx…", " b           3 xxx",
      ])
  }

  @Test("Sorting is stable, unknown values come last, groups hold")
  func sorts() {
    let rows = [
      TableRow(id: "a", cells: [TableCell("", number: 2)]),
      TableRow(id: "b", cells: [.unknown]), TableRow(id: "c", cells: [TableCell("", number: 1)]),
      TableRow(id: "d", cells: [TableCell("", number: 2)]),
      TableRow(id: "e", cells: [TableCell("", number: 0)], group: 1),
    ]
    let table = Table(heads: [], rows: rows)
    var state = TableState()
    #expect(state.visible(table).map(\.id) == ["a", "b", "c", "d", "e"])
    state.sortColumn = 0
    #expect(state.visible(table).map(\.id) == ["c", "a", "d", "b", "e"])
    state.isInverted = true
    #expect(state.visible(table).map(\.id) == ["b", "a", "d", "c", "e"])
    state.sortColumn = 7
    #expect(state.visible(table).map(\.id) == ["d", "c", "b", "a", "e"])
  }

  @Test("The window follows the cursor")
  func scrolls() {
    let rows = (0..<20).map { TableRow(id: "\($0)", cells: []) }
    var state = TableState()
    state.select(12, in: rows)
    state.settle(rows, height: 5)
    #expect(state.scroll == 8)
    state.select(3, in: rows)
    state.settle(rows, height: 5)
    #expect(state.scroll == 3)
    state.select(19, in: rows)
    state.settle(rows, height: 5)
    #expect(state.scroll == 15)
    state.settle(Array(rows.prefix(2)), height: 5)
    #expect(state.scroll == 0)
    #expect(state.selected == nil)
    state.settle([], height: 5)
    #expect(state.scroll == 0)
  }
}
