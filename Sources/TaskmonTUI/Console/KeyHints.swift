/// What is said of the keys, derived from the key table alone.
package enum KeyHints {
  /// One line: the keys that matter most in a scope, as many as fit.
  package static func footer(_ scope: KeyScope, _ view: ViewID, width: Int) -> StyledLine {
    var line = StyledLine()
    for binding in KeyMap.bindings where binding.scopes.contains(scope) {
      guard let hint = binding.footer, let key = binding.keys.first else { continue }
      // Only a finding leads to a subject.
      if binding.action == .jump, view != .health { continue }
      let word = binding.action == .enter ? ViewRegistry.view(view).enterHint : hint
      var longer = line
      longer.append(" \(key.label)", .footerKey)
      longer.append(" \(word) ", .dim)
      if longer.width <= width { line = longer }
    }
    return line
  }

  /// Keys and meaning of every binding.
  package static var facts: [PageFact] {
    KeyMap.bindings.map { binding in
      let keys = binding.keys.map(\.label).joined(separator: " ")
      return PageFact(keys, binding.help + place(binding.scopes))
    }
  }

  private static func place(_ scopes: [KeyScope]) -> String {
    if scopes.contains(.table) { return "" }
    return scopes.contains(.page) ? " (on a page)" : " (in a menu)"
  }
}

/// The help: keys, mouse, then the columns of every view.
package enum HelpPage {
  package static func lines(_ columns: Int) -> [StyledLine] { page.lines(width: columns - 2) }

  package static var page: Page {
    var blocks: [PageBlock] = [.heading("Keys"), .facts(KeyHints.facts)]
    blocks += [
      .heading("Mouse"),
      .facts([
        PageFact("click", "select a row, open the selected one, choose a tab, take a menu's line"),
        PageFact("click a column's title", "sort by it, again to invert"),
        PageFact("wheel", "move"),
      ]),
    ]
    for view in ViewRegistry.all {
      blocks += [
        .heading("\(view.id.title): \(view.summary)"),
        .facts(view.heads.map { PageFact($0.title, $0.help) }),
      ]
    }
    blocks += [
      .heading("Signs"),
      .facts([
        PageFact("?", "could not be read; never a zero"), PageFact("-", "there is nothing"),
        PageFact("+", "behind a sum: at least so many, some worker has not told"),
      ]),
    ]
    return Page("Help", blocks)
  }
}
