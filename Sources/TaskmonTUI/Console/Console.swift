package import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The console's whole state: what it shows, and what each key and message changes.
package struct Console: Sendable {
  /// Smaller than this nothing useful fits.
  package static let leastColumns = 60
  package static let leastRows = 15

  /// The page that is open over a view.
  struct OpenPage: Sendable, Equatable {
    var row: String
    var scroll = 0
  }

  var newest: ConsoleData
  /// How often data came.
  private var updates = 0
  /// The table of the view that is open; nil before the first snapshot.
  private(set) var table: Table?
  private var madeFrom: TableSource?
  /// What the screen is held at while paused.
  var held: ConsoleData?
  var clock: Timestamp?
  let followsClock: Bool
  let pages: @Sendable (RuleID) -> RulePage?

  var columns = 80
  var rows = 24
  var view: ViewID
  var tables: [ViewID: TableState] = [:]
  var page: OpenPage?
  /// How far help is scrolled; nil while it is closed.
  var help: Int?
  var isFiltering = false
  var usesUTC = false
  var refresh: Seconds

  package init(
    data: ConsoleData, options: ConsoleOptions = ConsoleOptions(),
    pages: @escaping @Sendable (RuleID) -> RulePage?
  ) {
    newest = data
    view = options.view
    refresh = options.refresh
    followsClock = options.followsClock
    self.pages = pages
    refreshTable()
  }

  /// Takes one event in and says what is to be done.
  package mutating func handle(_ event: ConsoleEvent) -> [Effect] {
    defer { settle() }
    switch event {
    case .key(let key):
      return press(key)
    case .click(let row, let column):
      return click(row: row, column: column)
    case .wheel(let lines):
      return perform(.move(lines))
    case .resize(let columns, let rows):
      (self.columns, self.rows) = (max(0, columns), max(0, rows))
    case .update(let data):
      newest = data
      updates &+= 1
    case .tick(let now):
      clock = now
    }
    return []
  }

  /// What is on the screen: the newest, or what it is held at.
  var data: ConsoleData { held ?? newest }

  var isTooSmall: Bool { columns < Self.leastColumns || rows < Self.leastRows }

  var state: TableState {
    get { tables[view] ?? TableState() }
    set { tables[view] = newValue }
  }

  var scope: KeyScope { help != nil ? .help : page != nil ? .page : .table }

  var moments: MomentFormat { MomentFormat(utcOffset: data.utcOffset, usesUTC: usesUTC) }

  /// What the views read; nil before the first snapshot.
  var context: ViewContext? {
    data.snapshot.map { snapshot in
      ViewContext(
        snapshot: snapshot, history: data.history, report: data.report, moments: moments,
        pages: pages)
    }
  }

  /// Everything a view's table depends on.
  private struct TableSource: Sendable, Equatable {
    var update: Int
    var view: ViewID
    var isHeld: Bool
    var usesUTC: Bool
  }

  private var tableSource: TableSource {
    TableSource(update: updates, view: view, isHeld: held != nil, usesUTC: usesUTC)
  }

  /// Makes the view's table anew where something it depends on has changed: it may be long.
  private mutating func refreshTable() {
    guard madeFrom != tableSource else { return }
    table = context.map { ViewRegistry.view(view).table($0) }
    madeFrom = tableSource
  }

  var headerState: HeaderState {
    let taken = newest.snapshot?.takenAt
    let now = followsClock ? [clock, taken].compactMap(\.self).max() : taken
    let paused = held.map { held -> Seconds in
      guard let now, let since = held.snapshot?.takenAt else { return .zero }
      return max(.zero, now - since)
    }
    return HeaderState(now: now, refresh: refresh, pausedFor: paused, moments: moments)
  }

  /// Keeps cursor and scroll where they make sense after anything that moved the ground.
  private mutating func settle() {
    refreshTable()
    guard !isTooSmall else { return }
    if let help {
      self.help = min(max(0, help), max(0, HelpPage.lines(columns).count - pageHeight))
    }
    guard let table else { return }
    if var open = page {
      open.scroll = min(max(0, open.scroll), max(0, pageLines.count - pageHeight))
      page = open
    }
    var state = state
    state.settle(state.visible(table), height: tableHeight(table))
    self.state = state
  }
}
