import TaskmonUnits

/// How the console looks: header, tabs, a table or a page, and the footer.
extension Console {
  /// From so many rows on there is room for the line of bars.
  static let rowsForSpark = 30
  /// From so many rows on there is room for the selected row's sentence.
  static let rowsForNotes = 20
  static let noteRows = 3
  /// From so many columns on sentences fit into their column.
  static let columnsForSentences = 120

  /// A tab and the cells it takes.
  struct Tab: Equatable {
    var view: ViewID
    var label: String
    var columns: Range<Int>
  }

  /// Where they do not fit, tabs stand closer.
  var tabs: [Tab] {
    let roomy = tabs(around: " ")
    return (roomy.last?.columns.upperBound ?? 0) <= columns ? roomy : tabs(around: "")
  }

  private func tabs(around padding: String) -> [Tab] {
    var at = 1
    return ViewRegistry.all.map { view in
      let label = "\(padding)\(view.id.rawValue) \(view.id.title)\(padding)"
      defer { at += label.count + 1 }
      return Tab(view: view.id, label: label, columns: at..<(at + label.count))
    }
  }

  static let alertRows = 3

  var alerts: [StyledLine] {
    let wrapped = Header.alerts(data).flatMap { TextWrap.wrap($0, width: columns - 1, indent: 1) }
    guard wrapped.count > Self.alertRows else { return wrapped }
    let more = StyledLine(" … more in view \(ViewID.broker.rawValue)", .warning)
    return wrapped.prefix(Self.alertRows - 1) + [more]
  }
  var showsSpark: Bool { rows >= Self.rowsForSpark }
  var tabRow: Int { 2 + alerts.count + (showsSpark ? 1 : 0) }
  var footerRow: Int { rows - 1 }

  /// The row of the column headers.
  func tableTop(_ table: Table) -> Int { tabRow + 1 + leadLines(table).count }
  func tableHeight(_ table: Table) -> Int { max(1, tableBottom(table) - tableTop(table) - 1) }

  /// The row behind the last of the table: the footer, or the sentence of the selected row.
  func tableBottom(_ table: Table) -> Int { footerRow - (showsNotes(table) ? Self.noteRows : 0) }

  /// A narrow window cuts sentences off; the selected one is then told in full.
  func showsNotes(_ table: Table) -> Bool {
    let isCut = columns < Self.columnsForSentences || !table.notesRepeatCells
    return isCut && rows >= Self.rowsForNotes && table.hasNotes
  }

  func leadLines(_ table: Table) -> [StyledLine] {
    Array(table.lead.flatMap { TextWrap.wrap($0, width: columns - 1, indent: 1) }.prefix(3))
  }

  /// Rows of an open page, below its title.
  var pageHeight: Int { max(1, footerRow - tabRow - 2) }
  var scrollHeight: Int {
    guard reading == nil, let table else { return pageHeight }
    return tableHeight(table)
  }

  /// The open page; nil where none is.
  var openPage: Page? {
    guard let page, let context else { return nil }
    return ViewRegistry.view(view).page(page.row, context)
      ?? Page(page.row, [.line(StyledLine()), .line(StyledLine("  No longer there.", .dim))])
  }

  /// The lines of what is read over the view.
  var readLines: [StyledLine] {
    help != nil ? HelpPage.lines(columns) : openPage?.lines(width: columns - 2) ?? []
  }

  /// The whole screen as it is to look now.
  package func render() -> Screen {
    var screen = Screen(columns: columns, rows: rows)
    guard !isTooSmall else {
      drawTooSmall(on: &screen)
      return screen
    }
    drawHeader(on: &screen)
    drawTabs(on: &screen)
    if let reading {
      let title = help != nil ? "Help" : openPage?.title ?? ""
      draw(title, readLines, reading, on: &screen)
    } else if let table {
      draw(table, on: &screen)
    } else {
      screen.put(Header.waiting(data), row: tabRow + 2)
    }
    if let menu, let table { drawMenu(menu, table, on: &screen) }
    drawFooter(on: &screen)
    if let dialog { draw(dialog, on: &screen) }
    return screen
  }

  private func drawTooSmall(on screen: inout Screen) {
    let lines = [
      "taskmon needs \(Self.leastColumns) x \(Self.leastRows),",
      "this window is \(columns) x \(rows).", "q quits.",
    ]
    for (row, line) in lines.enumerated() { screen.put(line, row: row, column: 0) }
  }

  private func drawHeader(on screen: inout Screen) {
    let name = SafeText.width(Header.name(data))
    let verdict = Header.verdict(data, headerState, width: columns - min(40, name + 14))
    let start = max(10, columns - verdict.width)
    screen.put(Header.broker(data), row: 0, width: start - 1)
    screen.put(verdict, row: 0, column: start)
    if let context {
      screen.put(Header.fleet(context, width: columns - 1), row: 1)
      if showsSpark { screen.put(Header.spark(context, width: columns), row: 2) }
    }
    for (offset, line) in alerts.enumerated() {
      screen.put(line, row: tabRow - alerts.count + offset)
    }
  }

  private func drawTabs(on screen: inout Screen) {
    for tab in tabs {
      let role: Role = tab.view == view ? .activeTab : .tab
      screen.put(tab.label, row: tabRow, column: tab.columns.lowerBound, style: Style(role))
    }
  }

  private func draw(_ table: Table, on screen: inout Screen) {
    for (offset, line) in leadLines(table).enumerated() {
      screen.put(line, row: tabRow + 1 + offset)
    }
    TablePainter.draw(
      table, visible, state.layout(table, width: columns), state: state, on: &screen,
      top: tableTop(table), bottom: tableBottom(table))
    drawNote(table, on: &screen)
  }

  private func draw(
    _ title: String, _ lines: [StyledLine], _ reading: Reading, on screen: inout Screen
  ) {
    let heading = tabRow + 1
    let top = reading.scroll
    screen.put(" " + title, row: heading, column: 0, style: Style(.columnHeader, bold: true))
    let last = min(lines.count, top + pageHeight)
    if lines.count > pageHeight {
      let place = "lines \(top + 1)–\(last) of \(lines.count) "
      screen.put(
        place, row: heading, column: columns - SafeText.width(place), style: Style(.columnHeader))
    }
    screen.fill(row: heading, role: .columnHeader)
    for (offset, line) in lines.dropFirst(top).prefix(pageHeight).enumerated() {
      screen.put(line, row: heading + 1 + offset)
      if top + offset == reading.found {
        screen.put("▌", row: heading + 1 + offset, column: 0, style: Style(.title))
        screen.select(row: heading + 1 + offset)
      }
    }
  }

  private func drawNote(_ table: Table, on screen: inout Screen) {
    let index = state.index(in: visible)
    guard showsNotes(table), visible.indices.contains(index), let note = visible[index].note
    else { return }
    let lines = TextWrap.wrap(StyledLine(" " + note, .dim), width: columns - 1, indent: 1)
    for (offset, line) in lines.prefix(Self.noteRows - 1).enumerated() {
      screen.put(line, row: footerRow - Self.noteRows + 1 + offset)
    }
  }

  private func drawFooter(on screen: inout Screen) {
    if let silencing {
      screen.put(silencing.line, row: footerRow)
      return
    }
    if isTyping {
      let line = StyledLine([
        Span(reading == nil ? " filter: " : " find: ", .footerKey), Span(typed),
        Span("▌", .footerKey), Span("  Enter keep  Esc clear", .dim),
      ])
      screen.put(line, row: footerRow)
      return
    }
    if let message { return draw(message, on: &screen) }
    let place = footerPlace
    let start = columns - place.width
    screen.put(KeyHints.footer(scope, view, width: start - 1), row: footerRow)
    screen.put(place, row: footerRow, column: start)
  }

  /// Rows a long message may take.
  static let messageRows = 4

  /// At the foot, over what stands there where it is long.
  private func draw(_ message: ConsoleMessage, on screen: inout Screen) {
    let role: Role = message.isRefusal ? .warning : .good
    let lines = TextWrap.wrap(StyledLine(" " + message.text, role), width: columns - 1, indent: 1)
      .prefix(Self.messageRows)
    for (offset, line) in lines.enumerated() {
      let row = footerRow - lines.count + 1 + offset
      screen.put(String(repeating: " ", count: columns), row: row, column: 0)
      screen.put(line, row: row)
    }
  }

  /// Where the cursor is and what is filtered, at the right.
  private var footerPlace: StyledLine {
    guard scope == .table, table != nil else { return StyledLine() }
    var line = StyledLine()
    if !state.filter.isEmpty {
      let filter = SafeText.clipped(state.filter, to: 20).map(\.text).joined()
      line.append("filter \(filter) ", .footerKey)
    }
    guard !visible.isEmpty else { return line }
    line.append("\(state.index(in: visible) + 1)/\(visible.count) ", .dim)
    return line
  }
}
