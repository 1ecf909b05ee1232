import CNcurses
import Glibc

/// The terminal this process was started in.
package enum Terminal {
  /// Why the console cannot be shown here; nil where it can.
  ///
  /// Standard input and output must be terminals, and `TERM` must name one with cursor addressing.
  package static var obstacle: String? {
    switch Int(cn_check()) {
    case CN_USABLE: nil
    case CN_NO_TERMINAL: "standard input or output is not a terminal"
    case CN_UNKNOWN_TERM: "the terminal type in TERM is not known here"
    default: "the terminal cannot place its cursor"
    }
  }

  package static var isUsable: Bool { obstacle == nil }

  /// Whether text may hold more than ASCII; C.UTF-8 is tried where the environment names no locale.
  package static func speaksUTF8() -> Bool { cn_locale_is_utf8() }

  /// `NO_COLOR` is set to anything but nothing.
  package static var refusesColour: Bool {
    guard let value = getenv("NO_COLOR") else { return false }
    return value.pointee != 0
  }

  /// Ends the process by a signal with its default action, as if it had never been caught.
  package static func die(by number: Int32) -> Never {
    signal(number, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    // Only for a signal whose default is not to end the process.
    exit(128 &+ number)
  }
}
