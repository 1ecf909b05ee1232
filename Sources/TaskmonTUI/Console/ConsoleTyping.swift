import TaskmonUnits

/// Filters, what is looked for on a page, and the way from match to match.
extension Console {
  /// More than anybody types; what is pasted by accident ends here.
  static let longestTyped = 200

  mutating func beginTyping() {
    isTyping = true
    reading?.sought = ""
  }

  /// What has been typed so far.
  var typed: String {
    get { reading?.sought ?? state.filter }
    set {
      guard reading != nil else {
        state.filter = newValue
        if !newValue.isEmpty { state.sought = newValue }
        return
      }
      reading?.sought = newValue
      findFromHere()
    }
  }

  mutating func type(_ key: Key) -> [Effect] {
    switch key {
    case .character(let character):
      if typed.count < Self.longestTyped { typed.append(character) }
    case .backspace:
      if typed.isEmpty { isTyping = false } else { typed.removeLast() }
    case .enter: isTyping = false
    case .escape:
      isTyping = false
      typed = ""
    case .control("u"): typed = ""
    case .up, .down, .pageUp, .pageDown:
      return KeyMap.action(for: key, in: scope).map { perform($0) } ?? []
    case .control, .tab, .shiftTab, .left, .right, .home, .end, .function: break
    }
    return []
  }

  mutating func clearFilter() {
    isTyping = false
    state.filter = ""
  }

  /// Goes to the next match, or the one before, around the end.
  mutating func seek(_ step: Int) -> [Effect] {
    let wanted = reading?.sought ?? state.sought
    guard !wanted.isEmpty else {
      return refuse("nothing is looked for yet: / begins")
    }
    guard reading == nil else { return seekLine(step) }
    guard let table else { return [] }
    let filter = TableFilter(state.sought, table.heads)
    let at = state.index(in: visible)
    guard let next = Self.next(step, from: at, in: visible.indices, { filter.matches(visible[$0]) })
    else { return refuse("no row matches \(state.sought)") }
    state.select(next, in: visible)
    return []
  }

  private mutating func seekLine(_ step: Int) -> [Effect] {
    guard let reading else { return [] }
    let matches = matchingLines
    let from = reading.found ?? reading.scroll - (step > 0 ? 1 : 0)
    guard let next = Self.next(step, from: from, in: readLines.indices, matches.contains) else {
      return refuse("no line has \(reading.sought)")
    }
    show(line: next)
    return []
  }

  /// While somebody types the first match from the top of the window on is shown.
  private mutating func findFromHere() {
    guard let reading, !reading.sought.isEmpty else {
      self.reading?.found = nil
      return
    }
    let from = (reading.found ?? reading.scroll) - 1
    let matches = matchingLines
    if let next = Self.next(1, from: from, in: readLines.indices, matches.contains) {
      show(line: next)
    } else {
      self.reading?.found = nil
    }
  }

  private var matchingLines: Set<Int> {
    let wanted = (reading?.sought ?? "").lowercased()
    return Set(readLines.indices.filter { readLines[$0].text.lowercased().contains(wanted) })
  }

  /// Marks a line, and brings it into the window if it is not there.
  private mutating func show(line: Int) {
    reading?.found = line
    guard let scroll = reading?.scroll, !(scroll..<(scroll + pageHeight)).contains(line) else {
      return
    }
    let top = line - pageHeight / 3
    reading?.scroll = top
  }

  mutating func refuse(_ text: String) -> [Effect] {
    message = ConsoleMessage(text, isRefusal: true)
    return [.bell]
  }

  /// The next index in one direction, around the end, that fits; nil where none does.
  private static func next(
    _ step: Int, from start: Int, in range: Range<Int>, _ fits: (Int) -> Bool
  ) -> Int? {
    guard !range.isEmpty else { return nil }
    for distance in 1...range.count {
      let index = (start + step * distance) % range.count
      let inside = index < 0 ? index + range.count : index
      if fits(inside) { return inside }
    }
    return nil
  }
}
