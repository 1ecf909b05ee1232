import TaskmonTUI
import Testing

@Suite("Tables outside the console")
struct TableTextTests {
  private let snapshot = SampleData.snapshot(at: SampleData.now)

  private static func table(_ rows: [(String, Int)], lead: [StyledLine] = []) -> Table {
    Table(TableTests.columns, rows, lead: lead, id: { $0.0 })
  }

  @Test("the text has what stands above the table and every row")
  func text() {
    let lead = [StyledLine(" Two of them.", .dim)]
    let table = Self.table([("a-name-longer-than-its-column", 2), ("b", 5)], lead: lead)
    let lines = table.text(as: .table, view: .queues, of: snapshot).split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.first == "Two of them.")
    #expect(lines[2].contains("a-name-longer-than-its-column"))
    #expect(table.notes == ["Two of them."])
  }

  @Test("the files are those that the console saves", arguments: ViewFile.Format.allCases)
  func files(_ format: ViewFile.Format) {
    let table = Self.table([("=cmd()", 2)])
    let saved = ViewFile(.queues, table, table.rows, of: snapshot, as: format)
    let shown = table.text(
      as: format == .csv ? .csv : .json, view: .queues, of: snapshot)
    #expect(shown == saved.text)
  }

  @Test("what could not be read is told apart from what is empty")
  func unknown() {
    let lead = [StyledLine(" ? The queues are not known: NOPERM", .unknown)]
    #expect(Self.table([], lead: lead).unknownReason == "The queues are not known: NOPERM")
    #expect(Self.table([("a", 1)], lead: lead).unknownReason == nil)
    #expect(Self.table([], lead: [StyledLine(" No queue yet.", .dim)]).unknownReason == nil)
  }
}
