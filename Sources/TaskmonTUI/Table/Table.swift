/// What a view shows at one moment.
package struct Table: Sendable, Equatable {
  package var heads: [ColumnHead]
  package let rows: [TableRow]
  /// Lines above the table: a verdict, a lock, what could not be read.
  package var lead: [StyledLine]
  /// The notes of rows repeat what a wide window has room for in their cells.
  package var notesRepeatCells: Bool
  /// Cells of the widest cell of each column; counted once, the rows may be many.
  let widest: [Int]
  let hasNotes: Bool

  package init(
    heads: [ColumnHead], rows: [TableRow], lead: [StyledLine] = [], notesRepeatCells: Bool = false
  ) {
    self.heads = heads
    self.rows = rows
    self.lead = lead
    self.notesRepeatCells = notesRepeatCells
    widest = heads.indices.map { column in
      rows.lazy.map { row in
        column < row.cells.count ? SafeText.width(row.cells[column].text) : 0
      }.max() ?? 0
    }
    hasNotes = rows.contains { $0.note != nil }
  }

  package init<Row>(
    _ columns: [Column<Row>], _ rows: [Row], lead: [StyledLine] = [],
    notesRepeatCells: Bool = false, id: (Row) -> String, group: (Row) -> Int = { _ in 0 },
    note: (Row) -> String? = { _ in nil }, subject: (Row) -> String? = { _ in nil }
  ) {
    self.init(
      heads: columns.map(\.head),
      rows: rows.map { row in
        TableRow(
          id: id(row), cells: columns.map { $0.cell(row) }, group: group(row), note: note(row),
          subject: subject(row))
      }, lead: lead, notesRepeatCells: notesRepeatCells)
  }
}
