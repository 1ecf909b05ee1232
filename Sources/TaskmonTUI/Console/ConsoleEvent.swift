package import TaskmonHealth
package import TaskmonModel
package import TaskmonUnits

/// Everything that can happen to the console.
package enum ConsoleEvent: Sendable, Equatable {
  case key(Key)
  /// A press of the left button on a cell, counted from 0 at the top left.
  case click(row: Int, column: Int)
  case wheel(lines: Int)
  case resize(columns: Int, rows: Int)
  case update(ConsoleData)
  /// The wall clock moved on; sent at least once a second while nothing else happens.
  case tick(Timestamp)
  /// What became of an effect.
  case told(ConsoleMessage)
  /// What the worker whose page is open answered, or why it was not asked.
  case answered(WorkerHoldings)
}

/// One line to the user, in sight until the next key.
package struct ConsoleMessage: Sendable, Equatable {
  package var text: String
  /// It did not work.
  package var isRefusal: Bool

  package init(_ text: String, isRefusal: Bool = false) {
    self.text = text
    self.isRefusal = isRefusal
  }
}

/// A key as the terminal tells it.
package enum Key: Sendable, Hashable {
  case character(Character)
  /// A letter pressed with Ctrl, in lower case.
  case control(Character)
  case enter, escape, tab, shiftTab, backspace
  case up, down, left, right, pageUp, pageDown, home, end
  /// F1 is 1.
  case function(Int)

  /// As help and footer write it.
  package var label: String {
    switch self {
    case .character(" "): "Space"
    case .character(let character): String(character)
    case .control(let letter): "Ctrl-\(letter.uppercased())"
    case .enter: "Enter"
    case .escape: "Esc"
    case .tab: "Tab"
    case .shiftTab: "Shift-Tab"
    case .backspace: "Backspace"
    case .up: "↑"
    case .down: "↓"
    case .left: "←"
    case .right: "→"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .home: "Home"
    case .end: "End"
    case .function(let number): "F\(number)"
    }
  }
}

/// What the console asks its surroundings to do; it does nothing itself.
package enum Effect: Sendable, Equatable {
  case quit
  /// Poll this often from now on.
  case refresh(every: Seconds)
  /// Draw everything anew, whatever the terminal is believed to show.
  case repaint
  case bell
  /// Put this into the terminal's clipboard; only what `ClipboardText` lets through.
  case copy(String)
  /// Write a new file and tell what became of it.
  case save(ViewFile)
  /// Ask these workers to send task events, and tell what became of it.
  case enableEvents([WorkerID])
  /// Do this, and tell what became of it.
  case control(ControlAction)
  /// Tell nothing more of a finding, here and in `check`, and say so.
  case silence(Silence)
  /// Tell of it again, and say so.
  case endSilence(RuleID, subject: String)
  /// Ask this worker what it holds, and tell what it answered.
  case ask(WorkerID)
}

/// What may go to the clipboard: names and ids, never anything a shell could take as more.
package enum ClipboardText {
  static let longest = 256

  /// True for 1 to 256 characters of `A-Za-z0-9_.:@-`.
  package static func isSafe(_ text: String) -> Bool {
    (1...longest).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "_"),
          UInt8(ascii: "."), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
