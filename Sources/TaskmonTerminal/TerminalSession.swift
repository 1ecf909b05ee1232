package import TaskmonTUI
package import TaskmonUnits

/// Shows a console in the terminal until it ends.
package enum TerminalSession {
  /// Runs on the main thread and returns with the terminal restored.
  package static func run(
    _ console: Console, mailbox: ConsoleMailbox,
    settings: TerminalSettings = TerminalSettings(), time: TimeSource,
    onEffect: (Effect) -> Void
  ) throws(TerminalError) -> ExitReason { .quit }
}

/// What the user asked of the terminal.
package struct TerminalSettings: Sendable, Equatable {
  package var theme: ThemeName
  /// No colour whatever the terminal can do (`--no-color`, `NO_COLOR`).
  package var noColour: Bool
  /// Nothing outside ASCII (`--ascii`).
  package var ascii: Bool

  package init(theme: ThemeName = .dark, noColour: Bool = false, ascii: Bool = false) {
    self.theme = theme
    self.noColour = noColour
    self.ascii = ascii
  }
}

/// Why a session ended.
package enum ExitReason: Sendable, Equatable {
  /// `q` or Ctrl-C.
  case quit
  /// SIGTERM, SIGHUP or SIGQUIT, by number; the process should die by it: `Terminal.die(by:)`.
  case signal(Int32)
}

/// Why there is no session.
package enum TerminalError: Error, Equatable {
  /// A sentence that says what is missing.
  case unusable(String)
  case system(call: String, code: Int32)
}
