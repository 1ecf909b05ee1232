import TaskmonHealth
package import TaskmonModel
import TaskmonUnits

/// A view's rows as a file: what is filtered out is left out, no column is.
package struct ViewFile: Sendable, Equatable {
  package enum Format: String, Sendable, CaseIterable {
    case csv, json
  }

  /// Without an ending: `taskmon-queues-20260102T140322Z`.
  package var name: String
  package var format: Format
  package var rowCount: Int
  package var text: String

  package init(
    _ view: ViewID, _ table: Table, _ rows: [TableRow], of snapshot: Snapshot, as format: Format
  ) {
    let whole = Timestamp(secondsSince1970: snapshot.takenAt.secondsSince1970.rounded(.down))
    name = "taskmon-\(view.name)-" + whole.iso8601.filter { $0 != "-" && $0 != ":" }
    self.format = format
    rowCount = rows.count
    text =
      switch format {
      case .csv: CSV.text(table.heads, rows)
      case .json: Self.json(view, table.heads, rows, of: snapshot)
      }
  }

  /// A fact that could not be read is null, where there is nothing to say the member is missing.
  private static func json(
    _ view: ViewID, _ heads: [ColumnHead], _ rows: [TableRow], of snapshot: Snapshot
  ) -> String {
    let list = rows.map { row in
      OrderedJSON.object(
        zip(heads, row.cells).compactMap { head, cell in
          json(cell).map { OrderedJSON.Member(head.fileKey, $0) }
        })
    }
    return OrderedJSON.object([
      .init("view", .string(view.name)), .init("broker", .string(snapshot.broker.url)),
      .init("takenAt", .string(snapshot.takenAt.iso8601)), .init("rows", .array(list)),
    ]).text(.pretty) + "\n"
  }

  private static func json(_ cell: TableCell) -> OrderedJSON? {
    switch cell.value {
    case .text: .string(cell.text)
    case .number: .number(cell.amount)
    case .moment(let moment): .string(moment.iso8601)
    case .nothing: nil
    case .unknown: .null
    }
  }
}

extension TableCell {
  /// The cell's number to a thousandth, which is finer than anything was measured.
  fileprivate var amount: Double {
    guard case .number(let number) = value else { return .nan }
    return abs(number) < 1e12 ? (number * 1000).rounded() / 1000 : number
  }
}

extension ColumnHead {
  /// The column's name in a file, with the unit of its numbers: `since_seconds`.
  package var fileKey: String { unit.map { "\(key)_\($0.rawValue)" } ?? key }
}

/// Comma-separated values (RFC 4180) that no spreadsheet takes for a formula.
package enum CSV {
  package static func text(_ heads: [ColumnHead], _ rows: [TableRow]) -> String {
    let lines = [heads.map { field($0.fileKey) }] + rows.map { $0.cells.map(field) }
    return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
  }

  /// A fact that could not be read is `?`, where there is nothing to say the field is empty.
  private static func field(_ cell: TableCell) -> String {
    switch cell.value {
    case .text: field(cell.text)
    case .number: OrderedJSON.number(cell.amount).text(.compact)
    case .moment(let moment): moment.iso8601
    case .nothing: ""
    case .unknown: "?"
    }
  }

  /// Controls are spelled out; text that begins like a formula gets an apostrophe in front.
  package static func field(_ text: String) -> String {
    var safe = SafeText.glyphs(text).map(\.text).joined()
    let opening = safe.unicodeScalars.first { $0 != " " }
    if let opening, formulaOpenings.contains(opening) { safe = "'" + safe }
    let isPlain = !safe.unicodeScalars.contains { $0 == "," || $0 == "\"" }
    guard !isPlain || safe.hasPrefix("'") || safe.hasPrefix(" ") || safe.hasSuffix(" ") else {
      return safe
    }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }

  /// The wide forms too: some spreadsheets read them as the narrow ones.
  private static let formulaOpenings: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "＝", "＋", "－", "＠",
  ]
}
