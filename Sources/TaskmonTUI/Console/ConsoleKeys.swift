import TaskmonUnits

/// What keys and clicks do.
extension Console {
  /// The rates to choose from; another one given at the start is left for its neighbours.
  static let rates: [Seconds] = [0.2, 0.5, 1, 2, 5, 10, 30, 60].map { Seconds($0) }
  /// Cells that one press goes sideways.
  static let sidewaysStep = 10

  mutating func press(_ key: Key) -> [Effect] {
    if isTyping && key != .control("c") { return type(key) }
    if let silencing, key != .control("c") { return type(key, into: silencing) }
    if let dialog, ![.control("c"), .control("l")].contains(key) { return answer(dialog, key) }
    guard let action = KeyMap.action(for: key, in: scope) else { return [] }
    return perform(action)
  }

  mutating func perform(_ action: ConsoleAction) -> [Effect] {
    switch action {
    case .quit: return [.quit]
    case .repaint: return [.repaint]
    case .back: goBack()
    case .enter: enter()
    case .jump: jump()
    case .choose: return choose()
    case .open(let view): open(view)
    case .nextView: step(1)
    case .previousView: step(-1)
    case .move(let lines): scroll(by: lines)
    case .page(let pages): scroll(by: pages * max(1, scrollHeight - 1))
    case .first: scroll(by: -Self.far)
    case .last: scroll(by: Self.far)
    case .sideways(let steps): return goSideways(steps)
    case .filter: beginTyping()
    case .nextMatch: return seek(1)
    case .previousMatch: return seek(-1)
    case .sort: openMenu(.sort)
    case .save: openMenu(.save)
    case .askForEvents: return askForEvents()
    case .silence: return offerSilence()
    case .act(let verb): return act(verb)
    case .moreActions: return offerMoreActions()
    case .invert: state.isInverted.toggle()
    case .wide: toggleWide()
    case .copy: return copy()
    case .pause: held = held == nil ? newest : nil
    case .faster: return changeRate(Self.rates.last { $0 < refresh })
    case .slower: return changeRate(Self.rates.first { $0 > refresh })
    case .nextTimeStyle: timeStyle = timeStyle.next
    case .help: help = help == nil ? Reading() : nil
    }
    return []
  }

  /// Further than any list is long, and far from overflow.
  private static let far = 1_000_000_000

  private mutating func goBack() {
    if menu != nil {
      menu = nil
    } else if help != nil {
      help = nil
    } else if page != nil {
      page = nil
    } else {
      clearFilter()
    }
  }

  private mutating func enter() {
    let index = state.index(in: visible)
    guard visible.indices.contains(index) else { return }
    page = OpenPage(row: visible[index].id)
  }

  /// From a finding to the row it speaks of, in the first view that has one.
  private mutating func jump() {
    guard view == .health, let context, let subject = openRow?.subject else { return }
    if let named = ViewID(name: subject) { return open(named) }
    for other in ViewRegistry.all where other.id != .health {
      guard let row = other.table(context).rows.first(where: { $0.subject == subject }) else {
        continue
      }
      open(other.id)
      // A filter could hide what was asked for.
      state.filter = ""
      state.selected = row.id
      return
    }
    message = ConsoleMessage("\(subject) is in no other view", isRefusal: true)
  }

  /// The row whose page is open, or else the one under the cursor.
  var openRow: TableRow? {
    guard let page else {
      let index = state.index(in: visible)
      return visible.indices.contains(index) ? visible[index] : nil
    }
    return table?.rows.first { $0.id == page.row }
  }

  private mutating func open(_ view: ViewID) {
    self.view = view
    page = nil
    help = nil
    menu = nil
    isTyping = false
  }

  private mutating func step(_ offset: Int) {
    let views = ViewRegistry.all.map { $0.id }
    let at = views.firstIndex(of: view) ?? 0
    open(views[(at + offset + views.count) % views.count])
  }

  private mutating func scroll(by lines: Int) {
    if menu != nil {
      moveMenu(by: lines)
    } else if let reading {
      self.reading?.scroll = reading.scroll + lines
    } else {
      state.select(state.index(in: visible) + lines, in: visible)
    }
  }

  private mutating func goSideways(_ steps: Int) -> [Effect] {
    guard let table else { return [.bell] }
    let hasMoved = state.shift(by: steps * Self.sidewaysStep, table, width: columns)
    return hasMoved ? [] : [.bell]
  }

  private mutating func toggleWide() {
    state.isWide.toggle()
    if !state.isWide { state.shift = 0 }
  }

  private mutating func copy() -> [Effect] {
    guard let row = openRow else { return [] }
    guard let subject = row.subject else {
      message = ConsoleMessage("this row has no name to copy", isRefusal: true)
      return []
    }
    guard ClipboardText.isSafe(subject) else {
      message = ConsoleMessage(
        "not copied: only names of letters, digits and _ . : @ - are", isRefusal: true)
      return []
    }
    message = ConsoleMessage("\(subject) sent to the terminal's clipboard")
    return [.copy(subject)]
  }

  private mutating func changeRate(_ rate: Seconds?) -> [Effect] {
    guard let rate else { return [.bell] }
    refresh = rate
    return [.refresh(every: rate)]
  }

  /// A click selects a row and, on the selected one, opens it; on a tab it changes the view, on a
  /// column's header the order.
  mutating func click(row: Int, column: Int) -> [Effect] {
    guard !isTooSmall, dialog == nil else { return [] }
    if menu != nil { return clickMenu(row: row) }
    if row == tabRow {
      if let tab = tabs.first(where: { $0.columns.contains(column) }) { open(tab.view) }
      return []
    }
    guard scope == .table, let table else { return [] }
    let top = tableTop(table)
    if row == top {
      if let index = state.layout(table, width: columns).column(at: column) {
        state.sort(by: index)
      }
      return []
    }
    let index = state.scroll + row - top - 1
    guard row > top, row < tableBottom(table), visible.indices.contains(index) else { return [] }
    guard index != state.index(in: visible) else { return perform(.enter) }
    state.select(index, in: visible)
    return []
  }
}
