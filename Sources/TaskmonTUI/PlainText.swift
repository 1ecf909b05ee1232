package import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The console's content as plain lines, for `--once` and where there is no terminal.
package enum PlainText {
  /// Header and every view; or only one view where it is named.
  ///
  /// Only the sentences of findings may go beyond `width` cells: nothing of them is lost.
  /// No line carries an escape, and the last ends with a line break.
  package static func render(
    _ data: ConsoleData, view: ViewID? = nil, width: Int = 100, ascii: Bool = false,
    pages: @escaping @Sendable (RuleID) -> RulePage? = { _ in nil }
  ) -> String {
    let lines = header(data, width: width) + body(data, view: view, width: width, pages: pages)
    return lines.map { ascii ? ASCIIFallback.line($0) : $0 }.joined(separator: "\n") + "\n"
  }

  private static func header(_ data: ConsoleData, width: Int) -> [String] {
    var first = StyledLine([
      Span("taskmon  "), Span(data.broker.name.map { "\($0)  " } ?? ""), Span(data.broker.url),
    ])
    let moments = MomentFormat(utcOffset: data.utcOffset)
    guard let snapshot = data.snapshot else {
      return [first.text, Header.waiting(data).text.trimmed]
    }
    if let server = snapshot.server.value {
      let limit = server.maxMemory.map { "/" + $0.compact } ?? ""
      first.append("  \(server.software.lowercased())  \(server.usedMemory.compact)\(limit)")
      first.append("  \(server.connectedClients.grouped) clients")
    }
    let state = HeaderState(now: snapshot.takenAt, refresh: Seconds(1), moments: moments)
    if let age = Header.staleAge(data, state) { first.append("  STALE \(age.compact)") }
    first.append("  \(moments.clock(snapshot.takenAt))")
    let context = context(data, moments: moments, pages: { _ in nil })
    let fleet = context.map { [Header.fleet($0, width: width)] } ?? []
    return ([first] + fleet + Header.alerts(data)).flatMap { line in
      TextWrap.wrap(line, width: width, indent: 2).map(\.text.trimmed)
    }
  }

  private static func body(
    _ data: ConsoleData, view: ViewID?, width: Int,
    pages: @escaping @Sendable (RuleID) -> RulePage?
  ) -> [String] {
    let moments = MomentFormat(utcOffset: data.utcOffset)
    guard let context = context(data, moments: moments, pages: pages) else { return [] }
    let views = ViewRegistry.all.filter { view == nil || $0.id == view }
    return views.flatMap { view -> [String] in
      let table = view.table(context)
      let lead = table.lead.flatMap { TextWrap.wrap($0, width: width, indent: 1) }
      let rows =
        view.id == .health
        ? TablePainter.wholeLines(table) : TablePainter.lines(table, width: width)
      return ["", view.id.title.uppercased()] + lead.map(\.text) + (table.rows.isEmpty ? [] : rows)
    }
  }

  private static func context(
    _ data: ConsoleData, moments: MomentFormat,
    pages: @escaping @Sendable (RuleID) -> RulePage?
  ) -> ViewContext? {
    data.snapshot.map { snapshot in
      ViewContext(
        snapshot: snapshot, history: data.history, report: data.report, moments: moments,
        pages: pages)
    }
  }
}

extension String {
  /// Without the spaces at its beginning.
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
