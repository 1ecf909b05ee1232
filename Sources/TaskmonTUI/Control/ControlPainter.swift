import TaskmonModel
import TaskmonUnits

/// How a dialog looks: its title, what it says of its target, and what is to be chosen or typed.
extension Console {
  static let widestDialog = 100

  /// Lines to choose from, each a word and what it means; none where something is typed.
  func choices(_ dialog: ControlDialog) -> [PageFact] {
    switch dialog.stage {
    case .more: return ControlVerb.more.map { PageFact($0.title, $0.summary) }
    case .runs(let ids):
      let context = newestContext
      return ids.map { id in
        let run = context?.snapshot.running.value?.first { $0.id == id }
        let length = run.flatMap { run in context?.age(run.startedAt).compact } ?? ""
        return PageFact(id, "\(run?.task ?? "no longer runs")  \(length)")
      }
    case .form where dialog.isTyped: return []
    case .form:
      return [PageFact("leave it", "nothing is sent"), PageFact(dialog.verb.consent, "now")]
    }
  }

  func draw(_ dialog: ControlDialog, on screen: inout Screen) {
    let width = min(columns - 2, Self.widestDialog)
    let top = tabRow + 1
    let room = footerRow - top - 1
    let asked = answerLines(dialog)
    let complaint = dialog.complaint.map { Self.wrapped($0, width: width) } ?? []
    let kept = max(1, room - complaint.count - 1)
    let (window, cursor) = window(of: asked, dialog, rows: kept)
    let said = sentences(dialog, width: width).prefix(max(0, kept - window.count))
    func put(_ text: String, _ row: Int, _ style: Style) {
      screen.put(String(repeating: " ", count: width), row: row, column: 0, style: style)
      screen.put(text, row: row, column: 0, width: width, style: style)
    }
    put(" \(dialog.verbTitle)", top, Style(.columnHeader, bold: true))
    var row = top + 1
    for line in said {
      put(line, row, Style(.tab))
      row += 1
    }
    for (index, line) in window.enumerated() {
      let isChosen = index == cursor
      put("\(isChosen ? "▌" : " ") \(line)", row, Style(isChosen ? .activeTab : .tab))
      row += 1
    }
    for line in complaint {
      put(line, row, Style(.warning, bold: true))
      row += 1
    }
    drawHints(dialog, on: &screen)
  }

  /// What is known of the target, wrapped, with a blank line behind it.
  private func sentences(_ dialog: ControlDialog, width: Int) -> [String] {
    guard dialog.stage == .form, let context = newestContext else { return [] }
    let facts = ControlFacts(dialog: dialog, context: context)
    return facts.sentences.flatMap { Self.wrapped($0, width: width) } + [""]
  }

  private static func wrapped(_ sentence: String, width: Int) -> [String] {
    TextWrap.wrap(StyledLine("  " + sentence), width: width - 1, indent: 2).map(\.text)
  }

  /// The lines of fields, the fixed ones among them, or of choices.
  private func answerLines(_ dialog: ControlDialog) -> [String] {
    guard dialog.isTyped else {
      let facts = choices(dialog)
      let names = facts.map { SafeText.width($0.name) }.max() ?? 0
      return facts.map { "\(Self.padded($0.name, names))  \($0.value)" }
    }
    let labels = dialog.fields.map { SafeText.width($0.name.label) }.max() ?? 0
    let active = dialog.typed[min(dialog.cursor, dialog.typed.count - 1)]
    return dialog.fields.enumerated().map { index, field in
      let caret = index == active ? "_" : ""
      let hint = field.text.isEmpty && !field.isFixed ? "  (\(field.name.hint))" : ""
      return "\(Self.padded(field.name.label, labels))  \(field.text)\(caret)\(hint)"
    }
  }

  /// As many lines as there is room for, with the one the cursor is on, and where that is.
  private func window(
    of lines: [String], _ dialog: ControlDialog, rows: Int
  ) -> (lines: [String], cursor: Int) {
    let cursor =
      dialog.isTyped ? dialog.typed[min(dialog.cursor, dialog.typed.count - 1)] : dialog.cursor
    let first = min(max(0, cursor - rows + 1), max(0, lines.count - rows))
    return (Array(lines.dropFirst(first).prefix(rows)), cursor - first)
  }

  private func drawHints(_ dialog: ControlDialog, on screen: inout Screen) {
    var line = StyledLine()
    let word = dialog.isTyped ? dialog.verb.consent : "take"
    for (key, hint) in [("Enter", word), ("Esc", "leave")]
      + (dialog.typed.count > 1 && dialog.isTyped ? [("Tab", "next field")] : [])
    {
      line.append(" \(key)", .footerKey)
      line.append(" \(hint) ", .dim)
    }
    screen.put(String(repeating: " ", count: columns), row: footerRow, column: 0)
    screen.put(line, row: footerRow)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - SafeText.width(text)))
  }
}

extension ControlDialog {
  /// What is about to be done, and to what.
  fileprivate var verbTitle: String {
    switch stage {
    case .more: "what is to be done?"
    case .runs: "\(verb.title): which one?"
    case .form:
      fields.first { $0.isFixed }.map { "\(verb.title): \($0.text)" } ?? verb.title
    }
  }
}
