import TaskmonHealth
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Tables outside the console")
struct TableDocumentTests {
  private static let columns: [Column<(String, TableCell)>] = [
    Column("QUEUE", .fill(6), help: "") { TableCell($0.0) },
    Column("HEAD FOR", .fit(5, 9), .right, help: "") { $0.1 },
  ]

  private static func table(_ rows: [(String, TableCell)], lead: [StyledLine] = []) -> Table {
    Table(columns, rows, lead: lead, id: { $0.0 })
  }

  /// A cell, in JSON and in CSV.
  private static let cells: [(TableCell, String, String)] = [
    (TableCell("12,345", number: 12345), "12345", "12345"),
    (TableCell("4m", number: 240), "240", "240"),
    (TableCell("0.1s", number: 0.129561), "0.13", "0.13"),
    (TableCell("-2/s", number: -2), "-2", "-2"),
    (.unknown, "null", ""), (.none, "null", ""),
    (TableCell("off", .dim, sort: .unknown), "\"off\"", "off"),
    (TableCell("Mixed Case"), "\"Mixed Case\"", "Mixed Case"),
    (TableCell("3/4", sort: .number(3), export: .text("3/4")), "\"3/4\"", "3/4"),
    (
      TableCell("14:03", moment: Timestamp(secondsSince1970: 0)), "\"1970-01-01T00:00:00Z\"",
      "1970-01-01T00:00:00Z"
    ),
    (TableCell("a,b"), "\"a,b\"", "\"a,b\""),
    (TableCell("say \"x\""), "\"say \\\"x\\\"\"", "\"say \"\"x\"\"\""),
    (TableCell("=1+1"), "\"=1+1\"", "\"'=1+1\""), (TableCell("+1"), "\"+1\"", "\"'+1\""),
    (TableCell("-x"), "\"-x\"", "\"'-x\""), (TableCell("@x"), "\"@x\"", "\"'@x\""),
  ]

  @Test("numbers are plain, unknown is null, and no cell is a formula", arguments: cells)
  func cell(_ cell: TableCell, _ json: String, _ csv: String) {
    let table = Self.table([("celery", cell)])
    #expect(table.text(as: .csv) == "queue,headFor\r\ncelery,\(csv)\r\n")
    #expect(table.text(as: .json).contains("\"headFor\": \(json)\n"), "\(table.text(as: .json))")
  }

  @Test("control characters reach neither a terminal nor a spreadsheet")
  func control() {
    let text = Self.table([("a\u{1B}[31m\nb", .none)]).text(as: .csv)
    #expect(text.split(separator: "\r\n").count == 2)
    #expect(!text.contains("\u{1B}"))
  }

  @Test("JSON begins with what it is about and keeps what was said above the table")
  func about() {
    let table = Self.table([], lead: [StyledLine(" No queue has been seen yet.", .dim)])
    #expect(
      table.text(as: .json, about: [.init("table", .string("queues"))]) == """
        {
          "table": "queues",
          "notes": [
            "No queue has been seen yet."
          ],
          "rows": []
        }

        """)
    #expect(table.text(as: .table) == "No queue has been seen yet.\n")
    #expect(table.unknownReason == nil)
  }

  @Test("what could not be read is told apart from what is empty")
  func unknown() {
    let lead = [StyledLine(" ? The queues are not known: NOPERM", .unknown)]
    #expect(Self.table([], lead: lead).unknownReason == "The queues are not known: NOPERM")
    #expect(Self.table([("a", .none)], lead: lead).unknownReason == nil)
  }
}
