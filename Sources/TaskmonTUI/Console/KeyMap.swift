/// What a key does.
package enum ConsoleAction: Sendable, Equatable {
  case quit, back, enter, jump, choose, open(ViewID), nextView, previousView
  case move(Int), page(Int), first, last, sideways(Int)
  case filter, nextMatch, previousMatch, sort, invert, wide, copy, save
  case pause, faster, slower, nextTimeStyle, help, repaint, askForEvents
  case silence
  case act(ControlVerb), moreActions
}

/// Where the console listens: a key may mean different things in each.
package enum KeyScope: Sendable, Equatable, CaseIterable {
  case table, page, help, menu
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
  package static let bindings: [KeyBinding] = views + moving + acting + controlling

  package static func action(for key: Key, in scope: KeyScope) -> ConsoleAction? {
    bindings.first { $0.scopes.contains(scope) && $0.keys.contains(key) }?.action
  }

  private static let everywhere = KeyScope.allCases
  /// A menu is left before anything else is done.
  private static let outsideMenus: [KeyScope] = [.table, .page, .help]

  private static let views: [KeyBinding] =
    ViewRegistry.all.compactMap { view in
      guard let digit = String(view.id.rawValue).first else { return nil }
      return KeyBinding(
        [.character(digit)], in: outsideMenus, .open(view.id), "\(view.id.title): \(view.summary)")
    } + [
      KeyBinding([.tab], in: outsideMenus, .nextView, "next view"),
      KeyBinding([.shiftTab], in: outsideMenus, .previousView, "previous view"),
    ]

  private static let moving: [KeyBinding] = [
    KeyBinding(
      [.enter], in: [.table], .enter, "everything about the selected row", footer: "open"),
    KeyBinding(
      [.enter], in: [.page], .jump, "from a finding to its subject's view", footer: "subject"),
    KeyBinding([.enter], in: [.menu], .choose, "take the chosen line", footer: "take"),
    KeyBinding(
      [.escape, .character("q")], in: [.page, .help, .menu], .back, "back", footer: "back"),
    KeyBinding([.escape], in: [.table], .back, "clear the filter"),
    KeyBinding([.down, .character("j")], in: everywhere, .move(1), "down"),
    KeyBinding([.up, .character("k")], in: everywhere, .move(-1), "up"),
    KeyBinding(
      [.pageDown, .control("f"), .character(" ")], in: everywhere, .page(1), "a page down"),
    KeyBinding([.pageUp, .control("b")], in: everywhere, .page(-1), "a page up"),
    KeyBinding([.home, .character("g")], in: everywhere, .first, "to the top"),
    KeyBinding([.end, .character("G")], in: everywhere, .last, "to the end"),
    KeyBinding(
      [.right, .character("l")], in: [.table], .sideways(1), "right, to columns out of sight"),
    KeyBinding([.left, .character("h")], in: [.table], .sideways(-1), "left"),
  ]

  private static let acting: [KeyBinding] = [
    KeyBinding(
      [.character("/")], in: [.table], .filter,
      "filter as you type: every word must occur, !word must not, column:word in that column",
      footer: "filter"),
    KeyBinding(
      [.character("/")], in: [.page, .help], .filter, "find as you type", footer: "find"),
    KeyBinding(
      [.character("n")], in: outsideMenus, .nextMatch,
      "next match of the filter, even of a cleared one"),
    KeyBinding([.character("N")], in: outsideMenus, .previousMatch, "previous match"),
    KeyBinding([.character("s")], in: [.table], .sort, "choose what to sort by", footer: "sort"),
    KeyBinding([.character("I")], in: [.table, .menu], .invert, "invert the order"),
    KeyBinding(
      [.character("w")], in: [.table], .wide, "wide: every column, uncut; h l move over it"),
    KeyBinding(
      [.character("y")], in: [.table, .page], .copy, "copy the row's name or id (OSC 52)"),
    KeyBinding(
      [.character("e")], in: [.table], .save,
      "save the rows as CSV or JSON: amounts in seconds and bytes, moments in UTC"),
    KeyBinding(
      [.character("a")], in: [.table, .page], .silence,
      "silence a finding for 1 h, 8 h or until it ends, in `check` and `serve` too; or end that"),
    KeyBinding(
      [.character("E")], in: [.table], .askForEvents,
      "ask workers that send no task events to send them; names them first"),
    KeyBinding(
      [.character("p")], in: outsideMenus, .pause, "pause the screen; collecting goes on",
      footer: "pause"),
    KeyBinding([.character("+")], in: outsideMenus, .faster, "poll more often"),
    KeyBinding([.character("-")], in: outsideMenus, .slower, "poll less often"),
    KeyBinding(
      [.character("t")], in: outsideMenus, .nextTimeStyle, "times local, in UTC or as distances"),
    KeyBinding(
      [.character("?"), .function(1)], in: outsideMenus, .help, "this help", footer: "help"),
    KeyBinding([.control("l")], in: everywhere, .repaint, "draw the screen anew"),
    KeyBinding([.character("q")], in: [.table], .quit, "quit", footer: "quit"),
    KeyBinding([.control("c")], in: everywhere, .quit, "quit from anywhere"),
  ]

  private static let subjects: [KeyScope] = [.table, .page]

  /// What changes something; each asks first.
  private static let controlling: [KeyBinding] = [
    KeyBinding(
      [.character("X")], in: subjects, .act(.revoke),
      "revoke a task, so that it never runs (this and the next four: --allow-control)"),
    KeyBinding(
      [.character("T")], in: subjects, .act(.terminate), "terminate a task that runs"),
    KeyBinding(
      [.character("K")], in: subjects, .act(.shutDown), "shut the selected worker down"),
    KeyBinding(
      [.character("P")], in: subjects, .act(.purge), "purge the selected queue"),
    KeyBinding(
      [.character("A")], in: subjects, .moreActions,
      "what else can be done: rate and time limits, pool size, consumers"),
  ]
}
