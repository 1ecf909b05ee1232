/// What a key does.
package enum ConsoleAction: Sendable, Equatable {
  case quit, back, enter, open(ViewID), nextView, previousView
  case move(Int), page(Int), first, last
  case filter, sort, invert, pause, faster, slower, toggleUTC, help, repaint
}

/// Where the console listens: a key may mean different things in each.
package enum KeyScope: Sendable, Equatable, CaseIterable {
  case table, page, help
}

/// One line of the key table: keys, meaning, and what help and footer say of it.
package struct KeyBinding: Sendable {
  package var keys: [Key]
  package var scopes: [KeyScope]
  package var action: ConsoleAction
  /// What help says.
  package var help: String
  /// What the footer says; nil keeps it out of the footer.
  package var footer: String?

  package init(
    _ keys: [Key], in scopes: [KeyScope], _ action: ConsoleAction, _ help: String,
    footer: String? = nil
  ) {
    self.keys = keys
    self.scopes = scopes
    self.action = action
    self.help = help
    self.footer = footer
  }
}

/// Every key of the console, written once: the console, its help and its footer read it.
package enum KeyMap {
  package static let bindings: [KeyBinding] = views + moving + acting

  package static func action(for key: Key, in scope: KeyScope) -> ConsoleAction? {
    bindings.first { $0.scopes.contains(scope) && $0.keys.contains(key) }?.action
  }

  private static let everywhere = KeyScope.allCases

  private static let views: [KeyBinding] =
    ViewRegistry.all.compactMap { view in
      guard let digit = String(view.id.rawValue).first else { return nil }
      return KeyBinding(
        [.character(digit)], in: everywhere, .open(view.id), "\(view.id.title): \(view.summary)")
    } + [
      KeyBinding([.tab], in: everywhere, .nextView, "next view"),
      KeyBinding([.shiftTab], in: everywhere, .previousView, "previous view"),
    ]

  private static let moving: [KeyBinding] = [
    KeyBinding(
      [.enter], in: [.table], .enter, "everything about the selected row", footer: "open"),
    KeyBinding(
      [.escape, .character("q")], in: [.page, .help], .back, "back", footer: "back"),
    KeyBinding([.escape], in: [.table], .back, "clear the filter"),
    KeyBinding([.down, .character("j")], in: everywhere, .move(1), "down"),
    KeyBinding([.up, .character("k")], in: everywhere, .move(-1), "up"),
    KeyBinding(
      [.pageDown, .control("f"), .character(" ")], in: everywhere, .page(1), "a page down"),
    KeyBinding([.pageUp, .control("b")], in: everywhere, .page(-1), "a page up"),
    KeyBinding([.home, .character("g")], in: everywhere, .first, "to the top"),
    KeyBinding([.end, .character("G")], in: everywhere, .last, "to the end"),
  ]

  private static let acting: [KeyBinding] = [
    KeyBinding(
      [.character("/")], in: [.table], .filter,
      "filter as you type: every word must occur, !word must not", footer: "filter"),
    KeyBinding(
      [.character("s")], in: [.table], .sort, "sort by the next column", footer: "sort"),
    KeyBinding([.character("I")], in: [.table], .invert, "invert the order"),
    KeyBinding(
      [.character("p")], in: everywhere, .pause, "pause the screen; collecting goes on",
      footer: "pause"),
    KeyBinding([.character("+")], in: everywhere, .faster, "poll more often"),
    KeyBinding([.character("-")], in: everywhere, .slower, "poll less often"),
    KeyBinding([.character("t")], in: everywhere, .toggleUTC, "times local or in UTC"),
    KeyBinding(
      [.character("?"), .function(1)], in: everywhere, .help, "this help", footer: "help"),
    KeyBinding([.control("l")], in: everywhere, .repaint, "draw the screen anew"),
    KeyBinding([.character("q")], in: [.table], .quit, "quit", footer: "quit"),
    KeyBinding([.control("c")], in: everywhere, .quit, "quit from anywhere"),
  ]
}
