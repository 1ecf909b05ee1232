package import TaskmonUnits

/// How wide a column is.
package enum ColumnWidth: Sendable, Equatable {
  case fixed(Int)
  /// As wide as its widest cell, within these bounds.
  case fit(Int, Int)
  /// Takes what the others leave, at least this much.
  case fill(Int)
}

package enum Alignment: Sendable {
  case left, right
}

/// What a cell is sorted by; texts before numbers, unknown last.
package enum SortValue: Sendable, Comparable {
  case text(String)
  case number(Double)
  case unknown
}

/// One cell of a table.
package struct TableCell: Sendable, Equatable {
  package var text: String
  package var role: Role
  package var sort: SortValue
  /// What it is worth outside the console, where that is not what it is sorted by.
  package var export: SortValue?

  package init(
    _ text: String, _ role: Role = .text, sort: SortValue? = nil, export: SortValue? = nil
  ) {
    self.text = text
    self.role = role
    self.sort = sort ?? .text(text.lowercased())
    self.export = export
  }

  /// A moment: sorted as a number, exported in UTC.
  package init(_ text: String, _ role: Role = .text, moment: Timestamp) {
    self.init(
      text, role, sort: .number(moment.secondsSince1970), export: .text(moment.iso8601))
  }

  package init(_ text: String, _ role: Role = .text, number: Double) {
    self.init(text, role, sort: .number(number))
  }

  /// A fact that could not be read.
  package static let unknown = TableCell("?", .unknown, sort: .unknown)
  /// Where there is nothing to say.
  package static let none = TableCell("-", .dim, sort: .unknown)
}

/// A column of a view, written once: header, layout, sorting and help come from it.
package struct Column<Row: Sendable>: Sendable {
  package var title: String
  package var help: String
  package var width: ColumnWidth
  package var alignment: Alignment
  /// 0 stays always; of the others the highest goes first when the window is narrow.
  package var priority: Int
  package var cell: @Sendable (Row) -> TableCell

  package init(
    _ title: String, _ width: ColumnWidth, _ alignment: Alignment = .left, priority: Int = 0,
    help: String, cell: @escaping @Sendable (Row) -> TableCell
  ) {
    self.title = title
    self.help = help
    self.width = width
    self.alignment = alignment
    self.priority = priority
    self.cell = cell
  }

  package var head: ColumnHead {
    ColumnHead(
      title: title, help: help, width: width, alignment: alignment, priority: priority)
  }
}

/// A column without the type of its rows.
package struct ColumnHead: Sendable, Equatable {
  package var title: String
  package var help: String
  package var width: ColumnWidth
  package var alignment: Alignment
  package var priority: Int
}

/// A row, reduced to its cells.
package struct TableRow: Sendable, Equatable {
  /// Stays the same for the same subject from one update to the next.
  package var id: String
  package var cells: [TableCell]
  /// Rows of a lower group always stand above those of a higher one, however they are sorted.
  package var group: Int
  /// Said in full below the table while the cursor is on the row; nil where the cells say it all.
  package var note: String?

  package init(id: String, cells: [TableCell], group: Int = 0, note: String? = nil) {
    self.id = id
    self.cells = cells
    self.group = group
    self.note = note
  }
}

/// What a view shows at one moment.
package struct Table: Sendable, Equatable {
  package var heads: [ColumnHead]
  package var rows: [TableRow]
  /// Lines above the table: a verdict, a lock, what could not be read.
  package var lead: [StyledLine]

  package init(heads: [ColumnHead], rows: [TableRow], lead: [StyledLine] = []) {
    self.heads = heads
    self.rows = rows
    self.lead = lead
  }

  package init<Row>(
    _ columns: [Column<Row>], _ rows: [Row], lead: [StyledLine] = [], id: (Row) -> String,
    group: (Row) -> Int = { _ in 0 }, note: (Row) -> String? = { _ in nil }
  ) {
    heads = columns.map(\.head)
    self.rows = rows.map { row in
      TableRow(
        id: id(row), cells: columns.map { $0.cell(row) }, group: group(row), note: note(row))
    }
    self.lead = lead
  }
}
