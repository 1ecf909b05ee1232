package import TaskmonHealth

/// The console's whole state: what it shows, and what each key and message changes.
package struct Console: Sendable {
  package init(
    data: ConsoleData, options: ConsoleOptions = ConsoleOptions(),
    pages: @escaping @Sendable (RuleID) -> RulePage?
  ) {}

  /// Takes one event in and says what is to be done.
  package mutating func handle(_ event: ConsoleEvent) -> [Effect] { [] }

  /// The whole screen as it is to look now.
  package func render() -> Screen { Screen(columns: 0, rows: 0) }
}
