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
        " NAME     COUNT EXTRA", " 日本語…     12 xxxxxxx…", " b            3 xxx",
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
