package import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The console's whole state: what it shows, and what each key and message changes.
package struct Console: Sendable {
  /// Smaller than this nothing useful fits.
  package static let leastColumns = 60
  package static let leastRows = 15

  /// Where somebody is in a text, and what is looked for in it.
  struct Reading: Sendable, Equatable {
    var scroll = 0
    var sought = ""
    /// The line last found; nil before the first.
    var found: Int?
  }

  /// The page that is open over a view.
  struct OpenPage: Sendable, Equatable {
    var row: String
    var reading = Reading()
  }

  var newest: ConsoleData
  /// How often data came.
  private var updates = 0
  /// The table of the view that is open; nil before the first snapshot.
  private(set) var table: Table?
  private var madeFrom: TableSource?
  /// Its rows as chosen and ordered.
  private(set) var visible: [TableRow] = []
  private var chosenFrom: ChoiceSource?
  /// What the screen is held at while paused.
  var held: ConsoleData?
  var clock: Timestamp?
  let followsClock: Bool
  let allowsControl: Bool
  let pages: @Sendable (RuleID) -> RulePage?

  var columns = 80
  var rows = 24
  var view: ViewID
  var tables: [ViewID: TableState] = [:]
  var page: OpenPage?
  /// What the worker whose page is open was asked.
  var look: WorkerLook?
  /// Nil while help is closed.
  var help: Reading?
  var menu: ConsoleMenu?
  /// What is about to be done; over everything else while it is open.
  var dialog: ControlDialog?
  /// Why a finding is to be silenced; over everything else while it is typed.
  var silencing: SilencePrompt?
  /// A filter is being typed, on a page or in help what to find there.
  var isTyping = false
  var message: ConsoleMessage?
  var timeStyle = MomentStyle.local
  var refresh: Seconds

  package init(
    data: ConsoleData, options: ConsoleOptions = ConsoleOptions(),
    pages: @escaping @Sendable (RuleID) -> RulePage?
  ) {
    newest = data
    view = options.view
    refresh = options.refresh
    followsClock = options.followsClock
    allowsControl = options.allowsControl
    self.pages = pages
    refreshTable()
  }

  /// Takes one event in and says what is to be done.
  package mutating func handle(_ event: ConsoleEvent) -> [Effect] {
    let effects = take(event)
    settle()
    return effects + lookAtWorker()
  }

  private mutating func take(_ event: ConsoleEvent) -> [Effect] {
    switch event {
    case .key(let key):
      message = nil
      return press(key)
    case .click(let row, let column):
      return click(row: row, column: column)
    case .wheel(let lines):
      return dialog == nil ? perform(.move(lines)) : []
    case .resize(let columns, let rows):
      (self.columns, self.rows) = (max(0, columns), max(0, rows))
    case .update(let data):
      newest = data
      updates &+= 1
    case .tick(let now):
      clock = now
    case .told(let message):
      self.message = message
    case .answered(let holdings):
      take(holdings)
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

  var scope: KeyScope {
    if menu != nil { return .menu }
    return help != nil ? .help : page != nil ? .page : .table
  }

  var moments: MomentFormat { MomentFormat(utcOffset: data.utcOffset, style: timeStyle) }

  /// What is read over the view, help before the page; nil where neither is open.
  var reading: Reading? {
    get { help ?? page?.reading }
    set {
      guard let newValue else { return }
      if help != nil { help = newValue } else { page?.reading = newValue }
    }
  }

  /// What the views read; nil before the first snapshot.
  var context: ViewContext? { context(of: data) }

  /// The newest, however long the screen is held.
  var newestContext: ViewContext? { context(of: newest) }

  private func context(of data: ConsoleData) -> ViewContext? {
    data.snapshot.map { snapshot in
      ViewContext(
        snapshot: snapshot, history: data.history, report: data.report, moments: moments,
        look: look, pages: pages)
    }
  }

  /// Everything a view's table depends on.
  private struct TableSource: Sendable, Equatable {
    var update: Int
    var view: ViewID
    var isHeld: Bool
    var timeStyle: MomentStyle
  }

  /// Everything the choice and order of its rows depend on.
  private struct ChoiceSource: Sendable, Equatable {
    var table: TableSource
    var filter: String
    var sortColumn: Int?
    var isInverted: Bool
  }

  /// Makes the view's table and its choice of rows anew where something they depend on has changed:
  /// it may be long.
  private mutating func refreshTable() {
    let source = TableSource(
      update: updates, view: view, isHeld: held != nil, timeStyle: timeStyle)
    if madeFrom != source {
      table = context.map { ViewRegistry.view(view).table($0) }
      madeFrom = source
    }
    let choice = ChoiceSource(
      table: source, filter: state.filter, sortColumn: state.sortColumn,
      isInverted: state.isInverted)
    guard chosenFrom != choice else { return }
    visible = table.map { state.visible($0) } ?? []
    chosenFrom = choice
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
    if var reading {
      reading.scroll = min(max(0, reading.scroll), max(0, readLines.count - pageHeight))
      self.reading = reading
    }
    guard let table else { return }
    moveMenu(by: 0)
    var state = state
    if state.shift > 0 { _ = state.shift(by: 0, table, width: columns) }
    state.settle(visible, height: tableHeight(table))
    self.state = state
  }
}
