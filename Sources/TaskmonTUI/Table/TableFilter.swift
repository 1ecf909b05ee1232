/// What a line of filter text asks of a row: every word must occur, in any case of letters.
///
/// `!word` must not occur; `field:word` looks into one column only, whose name may be cut short.
package struct TableFilter: Sendable, Equatable {
  private struct Term: Sendable, Equatable {
    var text: String
    var isExcluded: Bool
    /// Nil looks into all columns.
    var column: Int?
  }

  private var terms: [Term]

  package init(_ text: String, _ heads: [ColumnHead]) {
    let keys = heads.map(\.key)
    terms = text.lowercased().split(separator: " ").compactMap { Self.term($0, keys) }
  }

  /// Every row is chosen.
  package var isEmpty: Bool { terms.isEmpty }

  package func matches(_ row: TableRow) -> Bool {
    var whole: String?
    return terms.allSatisfy { term in
      guard let column = term.column else {
        let text = whole ?? row.cells.map(\.text).joined(separator: " ").lowercased()
        whole = text
        return text.contains(term.text) != term.isExcluded
      }
      guard column < row.cells.count else { return term.isExcluded }
      return row.cells[column].text.lowercased().contains(term.text) != term.isExcluded
    }
  }

  /// Nil where a word asks for nothing yet: somebody is still typing.
  private static func term(_ word: Substring, _ keys: [String]) -> Term? {
    let isExcluded = word.hasPrefix("!")
    let text = isExcluded ? word.dropFirst() : word
    guard !text.isEmpty else { return nil }
    if let colon = text.firstIndex(of: ":"), let column = Self.column(text[..<colon], keys) {
      let rest = text[text.index(after: colon)...]
      return rest.isEmpty ? nil : Term(text: String(rest), isExcluded: isExcluded, column: column)
    }
    return Term(text: String(text), isExcluded: isExcluded)
  }

  /// A name that is no column's is text like any other: `redis://` names no field.
  private static func column(_ name: Substring, _ keys: [String]) -> Int? {
    guard !name.isEmpty else { return nil }
    let wanted = name.replacing("-", with: "_")
    return keys.firstIndex { $0 == wanted } ?? keys.firstIndex { $0.hasPrefix(wanted) }
  }
}
