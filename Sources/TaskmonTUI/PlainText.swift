package import TaskmonHealth

/// The console's content as plain lines, for `--once` and where there is no terminal.
package enum PlainText {
  /// Header, findings, queues, workers and beat; or only one view where it is named.
  package static func render(
    _ data: ConsoleData, view: ViewID? = nil, width: Int = 100, ascii: Bool = false,
    pages: (RuleID) -> RulePage? = { _ in nil }
  ) -> String { "" }
}
