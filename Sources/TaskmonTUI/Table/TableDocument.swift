package import TaskmonHealth

/// How a table is written outside the console.
package enum TableFormat: String, Sendable, CaseIterable {
  case table, json, csv
}

/// A table of the console as text for people, scripts and spreadsheets.
extension Table {
  /// The table in a format, with what was said above it where the format has a place for that;
  /// ends with a line feed.
  ///
  /// `about` are the first members of the JSON object.
  package func text(
    as format: TableFormat, about: [OrderedJSON.Member] = [], width: Int = 100
  ) -> String {
    switch format {
    case .table: plain
    case .json: json(about: about).text(.pretty) + "\n"
    case .csv: csv
    }
  }

  /// What the table says above its rows, without the margin.
  package var notes: [String] { lead.map { String($0.text.drop { $0 == " " }) } }

  /// Why there is nothing to show, where the facts themselves could not be read.
  package var unknownReason: String? {
    guard rows.isEmpty else { return nil }
    return lead.map(\.text).first { $0.hasPrefix(" ? ") }.map { String($0.dropFirst(3)) }
  }

  private var plain: String {
    (notes + (rows.isEmpty ? [] : TablePainter.wholeLines(self)))
      .map { $0.trimmedAtEnd + "\n" }.joined()
  }

  private func json(about: [OrderedJSON.Member]) -> OrderedJSON {
    let keys = heads.map(\.key)
    let objects = rows.map { row in
      OrderedJSON.object(zip(keys, row.cells).map { .init($0, $1.value.json) })
    }
    return .object(about + [.init("notes", .strings(notes)), .init("rows", .array(objects))])
  }

  private var csv: String {
    let lines = [heads.map(\.key)] + rows.map { $0.cells.map(\.value.csv) }
    return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
  }
}

extension ColumnHead {
  /// The title as a key: `headFor` for `HEAD FOR`.
  package var key: String {
    let words = title.lowercased().split { !($0.isLetter || $0.isNumber) }
    return words.enumerated().map { index, word in
      index == 0 ? String(word) : word.prefix(1).uppercased() + word.dropFirst()
    }.joined()
  }
}

extension TableCell {
  /// What the cell is worth outside the console: seconds, bytes and counts as plain numbers.
  fileprivate var value: CellValue {
    switch export ?? sort {
    case .number(let number): .number(Self.short(number))
    case .text: .text(export == nil ? text : exportedText)
    // A cell that is sorted last may still say something, as `off` does.
    case .unknown: self == .unknown || self == .none ? .absent : .text(text)
    }
  }

  /// At most three decimal places.
  private static func short(_ number: Double) -> Double {
    abs(number) < 1e12 ? (number * 1000).rounded() / 1000 : number
  }

  private var exportedText: String {
    guard case .text(let text)? = export else { return text }
    return text
  }
}

private enum CellValue {
  case number(Double)
  case text(String)
  /// Unknown, or nothing to say.
  case absent

  var json: OrderedJSON {
    switch self {
    case .number(let number): .number(number)
    case .text(let text): .string(text)
    case .absent: .null
    }
  }

  /// As RFC 4180 has it; a text that a spreadsheet would take for a formula gets an apostrophe.
  var csv: String {
    switch self {
    case .number: json.text(.compact)
    case .text(let text): Self.quoted(StyledLine(text).text)
    case .absent: ""
    }
  }

  private static func quoted(_ text: String) -> String {
    let isFormula = text.unicodeScalars.first.map { "=+-@".unicodeScalars.contains($0) } ?? false
    let safe = isFormula ? "'" + text : text
    let needsQuotes = safe.unicodeScalars.contains { "\",\r\n'".unicodeScalars.contains($0) }
    guard needsQuotes else { return safe }
    return "\"" + safe.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}

extension String {
  fileprivate var trimmedAtEnd: String {
    String(String(reversed()).drop { $0 == " " }.reversed())
  }
}
