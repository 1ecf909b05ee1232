import TaskmonUnits

/// What keys and clicks do.
extension Console {
  /// The rates to choose from; another one given at the start is left for its neighbours.
  static let rates: [Seconds] = [0.2, 0.5, 1, 2, 5, 10, 30, 60].map { Seconds($0) }

  mutating func press(_ key: Key) -> [Effect] {
    if isFiltering && scope == .table && key != .control("c") { return type(key) }
    guard let action = KeyMap.action(for: key, in: scope) else { return [] }
    return perform(action)
  }

  mutating func perform(_ action: ConsoleAction) -> [Effect] {
    switch action {
    case .quit: return [.quit]
    case .repaint: return [.repaint]
    case .back: goBack()
    case .enter: enter()
    case .open(let view): open(view)
    case .nextView: step(1)
    case .previousView: step(-1)
    case .move(let lines): scroll(by: lines)
    case .page(let pages): scroll(by: pages * max(1, scrollHeight - 1))
    case .first: scroll(by: -Self.far)
    case .last: scroll(by: Self.far)
    case .filter: isFiltering = true
    case .sort: if let table { state.sortByNext(of: table.heads) }
    case .invert: state.isInverted.toggle()
    case .pause: held = held == nil ? newest : nil
    case .faster: return changeRate(Self.rates.last { $0 < refresh })
    case .slower: return changeRate(Self.rates.first { $0 > refresh })
    case .toggleUTC: usesUTC.toggle()
    case .help: help = help == nil ? 0 : nil
    }
    return []
  }

  /// Further than any list is long, and far from overflow.
  private static let far = 1_000_000_000

  private mutating func type(_ key: Key) -> [Effect] {
    switch key {
    case .character(let character): state.filter.append(character)
    case .backspace:
      if state.filter.isEmpty { isFiltering = false } else { state.filter.removeLast() }
    case .enter: isFiltering = false
    case .escape: clearFilter()
    case .control("u"): state.filter = ""
    case .up, .down, .pageUp, .pageDown:
      return KeyMap.action(for: key, in: .table).map { perform($0) } ?? []
    case .control, .tab, .shiftTab, .left, .right, .home, .end, .function: break
    }
    return []
  }

  private mutating func goBack() {
    if help != nil {
      help = nil
    } else if page != nil {
      page = nil
    } else {
      clearFilter()
    }
  }

  private mutating func clearFilter() {
    isFiltering = false
    state.filter = ""
  }

  private mutating func enter() {
    guard let table else { return }
    let rows = state.visible(table)
    let index = state.index(in: rows)
    guard rows.indices.contains(index) else { return }
    page = OpenPage(row: rows[index].id)
  }

  private mutating func open(_ view: ViewID) {
    self.view = view
    page = nil
    help = nil
    isFiltering = false
  }

  private mutating func step(_ offset: Int) {
    let views = ViewRegistry.all.map { $0.id }
    let at = views.firstIndex(of: view) ?? 0
    open(views[(at + offset + views.count) % views.count])
  }

  private mutating func scroll(by lines: Int) {
    if let help {
      self.help = help + lines
    } else if page != nil {
      page?.scroll += lines
    } else if let table {
      var state = state
      let rows = state.visible(table)
      state.select(state.index(in: rows) + lines, in: rows)
      self.state = state
    }
  }

  private mutating func changeRate(_ rate: Seconds?) -> [Effect] {
    guard let rate else { return [.bell] }
    refresh = rate
    return [.refresh(every: rate)]
  }

  /// A click selects a row and, on the selected one, opens it; on a tab it changes the view, on a
  /// column's header the order.
  mutating func click(row: Int, column: Int) -> [Effect] {
    guard !isTooSmall else { return [] }
    if row == tabRow {
      if let tab = tabs.first(where: { $0.columns.contains(column) }) { open(tab.view) }
      return []
    }
    guard scope == .table, let table else { return [] }
    let top = tableTop(table)
    if row == top {
      if let index = TableLayout(table, width: columns).column(at: column) {
        state.sort(by: index)
      }
      return []
    }
    let rows = state.visible(table)
    let index = state.scroll + row - top - 1
    guard row > top, row < tableBottom(table), rows.indices.contains(index) else { return [] }
    guard index != state.index(in: rows) else { return perform(.enter) }
    var state = state
    state.select(index, in: rows)
    self.state = state
    return []
  }
}
