package import TaskmonModel

/// How a view is written outside the console.
package enum TableFormat: String, Sendable, CaseIterable {
  case table, json, csv
}

extension Table {
  /// The whole view in a format; ends with a line feed.
  ///
  /// Text has in it what stands above the table; for the others that is `notes`.
  package func text(as format: TableFormat, view: ViewID, of snapshot: Snapshot) -> String {
    switch format {
    case .table: plain
    case .json: ViewFile(view, self, rows, of: snapshot, as: .json).text
    case .csv: ViewFile(view, self, rows, of: snapshot, as: .csv).text
    }
  }

  /// What the view says above its rows, without the margin.
  package var notes: [String] { lead.map { String($0.text.drop { $0 == " " }) } }

  /// Why there is nothing to show, where the facts themselves could not be read.
  package var unknownReason: String? {
    guard rows.isEmpty else { return nil }
    return lead.map(\.text).first { $0.hasPrefix(" ? ") }.map { String($0.dropFirst(3)) }
  }

  private var plain: String {
    (notes + (rows.isEmpty ? [] : TablePainter.wholeLines(self))).map { $0 + "\n" }.joined()
  }
}
