import CNcurses
import Glibc
package import TaskmonTUI
package import TaskmonUnits

/// Shows a console in the terminal until it ends.
package enum TerminalSession {
  /// Runs on the main thread and returns with the terminal restored.
  ///
  /// Effects that the terminal cannot perform itself (the rate of polling) go to `onEffect`.
  package static func run(
    _ console: Console, mailbox: ConsoleMailbox,
    settings: TerminalSettings = TerminalSettings(), time: TimeSource,
    onEffect: @escaping (Effect) -> Void
  ) throws(TerminalError) -> ExitReason {
    if let obstacle = Terminal.obstacle { throw .unusable(obstacle) }
    let isASCII = !Terminal.speaksUTF8() || settings.ascii
    let error = cn_start()
    guard error == 0 else { throw .system(call: "terminal start", code: error) }
    defer { cn_stop() }
    var loop = ConsoleLoop(console, settings: settings, isASCII: isASCII, onEffect: onEffect)
    while true {
      loop.draw()
      let news = Int(cn_wait(mailbox.wakeDescriptor, waitMilliseconds(time.now())))
      if news & CN_SIGNAL != 0, let reason = loop.takeSignals() { return reason }
      if news & CN_GONE != 0 { return .signal(SIGHUP) }
      if news & CN_MAIL != 0, !loop.take(mailbox.take()) { return .quit }
      if news & CN_INPUT != 0, !loop.takeKeys() { return .quit }
      loop.tick(time.now())
    }
  }

  /// Until the clock shows another second.
  package static func waitMilliseconds(_ now: Timestamp) -> Int32 {
    let fraction = now.secondsSince1970 - now.secondsSince1970.rounded(.down)
    guard fraction.isFinite else { return 1000 }
    return Int32(max(1, min(1000, ((1 - fraction) * 1000).rounded(.up))))
  }
}

/// What the user asked of the terminal.
package struct TerminalSettings: Sendable, Equatable {
  package var theme: ThemeName
  /// No colour whatever the terminal can do (`--no-color`); `NO_COLOR` has the same effect.
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
  /// A clause that says what is missing.
  case unusable(String)
  case system(call: String, code: Int32)
}
