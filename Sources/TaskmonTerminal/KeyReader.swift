import CNcurses
import TaskmonTUI

/// Turns what ncurses read into the console's events.
enum KeyReader {
  /// Lines that one notch of the wheel moves.
  static let notch = 3

  /// Nil for keys the console has no name for.
  static func event(_ raw: cn_key) -> ConsoleEvent? {
    switch Int(raw.kind) {
    case CN_KEY_CLICK: .click(row: Int(raw.row), column: Int(raw.column))
    case CN_KEY_WHEEL_UP: .wheel(lines: -notch)
    case CN_KEY_WHEEL_DOWN: .wheel(lines: notch)
    default: key(raw).map { .key($0) }
    }
  }

  private static func key(_ raw: cn_key) -> Key? {
    switch Int(raw.kind) {
    case CN_KEY_CHARACTER: Unicode.Scalar(raw.code).map { .character(Character($0)) }
    case CN_KEY_CONTROL: Unicode.Scalar(raw.code).map { .control(Character($0)) }
    case CN_KEY_FUNCTION: .function(Int(raw.code))
    default: named[Int(raw.kind)]
    }
  }

  private static let named: [Int: Key] = [
    CN_KEY_ENTER: .enter, CN_KEY_ESCAPE: .escape, CN_KEY_TAB: .tab, CN_KEY_BACK_TAB: .shiftTab,
    CN_KEY_BACKSPACE: .backspace, CN_KEY_UP: .up, CN_KEY_DOWN: .down, CN_KEY_LEFT: .left,
    CN_KEY_RIGHT: .right, CN_KEY_PAGE_UP: .pageUp, CN_KEY_PAGE_DOWN: .pageDown,
    CN_KEY_HOME: .home, CN_KEY_END: .end,
  ]
}
