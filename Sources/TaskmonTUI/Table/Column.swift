package import TaskmonUnits

/// How wide a column is.
package enum ColumnWidth: Sendable, Equatable {
  case fixed(Int)
  /// As wide as its widest cell, within these bounds; wider where the window has room to spare.
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

/// What a cell stands for, beyond what is shown of it.
package enum CellValue: Sendable, Equatable {
  /// What is shown is all there is.
  case text
  /// An amount, in the unit of its column.
  case number(Double)
  case moment(Timestamp)
  /// There is nothing to say.
  case nothing
  /// The fact could not be read.
  case unknown
}

/// One cell of a table.
package struct TableCell: Sendable, Equatable {
  package var text: String
  package var role: Role
  package var sort: SortValue
  package var value: CellValue

  package init(_ text: String, _ role: Role = .text, sort: SortValue? = nil) {
    self.init(text, role, sort: sort ?? .text(text.lowercased()), value: .text)
  }

  package init(_ text: String, _ role: Role = .text, number: Double) {
    self.init(text, role, sort: .number(number), value: .number(number))
  }

  package init(_ text: String, _ role: Role = .text, moment: Timestamp) {
    self.init(text, role, sort: .number(moment.secondsSince1970), value: .moment(moment))
  }

  private init(_ text: String, _ role: Role, sort: SortValue, value: CellValue) {
    self.text = text
    self.role = role
    self.sort = sort
    self.value = value
  }

  /// A fact that could not be read.
  package static let unknown = TableCell("?", .unknown, sort: .unknown, value: .unknown)
  /// Where there is nothing to say.
  package static let none = TableCell("-", .dim, sort: .unknown, value: .nothing)
}

/// What a column's numbers count, as the column's name in a file tells.
package enum ColumnUnit: String, Sendable {
  case seconds, bytes
  case perSecond = "per_second"
}

/// A column of a view, written once: header, layout, sorting and help come from it.
package struct Column<Row: Sendable>: Sendable {
  package var title: String
  package var help: String
  package var width: ColumnWidth
  package var alignment: Alignment
  /// 0 stays always; of the others the highest goes first when the window is narrow.
  package var priority: Int
  package var unit: ColumnUnit?
  package var cell: @Sendable (Row) -> TableCell

  package init(
    _ title: String, _ width: ColumnWidth, _ alignment: Alignment = .left, priority: Int = 0,
    unit: ColumnUnit? = nil, help: String, cell: @escaping @Sendable (Row) -> TableCell
  ) {
    self.title = title
    self.help = help
    self.width = width
    self.alignment = alignment
    self.priority = priority
    self.unit = unit
    self.cell = cell
  }

  package var head: ColumnHead {
    ColumnHead(
      title: title, help: help, width: width, alignment: alignment, priority: priority,
      unit: unit)
  }
}

/// A column without the type of its rows.
package struct ColumnHead: Sendable, Equatable {
  package var title: String
  package var help: String
  package var width: ColumnWidth
  package var alignment: Alignment
  package var priority: Int
  package var unit: ColumnUnit?

  /// How filters and files name the column: `last_30m`, `late_by`.
  package var key: String {
    String(title.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
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
  /// The name or id of what the row is about, for the clipboard and for finding it by its name;
  /// nil where it has none.
  package var subject: String?

  package init(
    id: String, cells: [TableCell], group: Int = 0, note: String? = nil, subject: String? = nil
  ) {
    self.id = id
    self.cells = cells
    self.group = group
    self.note = note
    self.subject = subject
  }
}
