package import TaskmonTUI

/// Holds the newest data for the console until its loop takes it; older data is replaced unread.
package final class ConsoleMailbox: Sendable {
  package init() throws(TerminalError) {}

  /// From any thread.
  package func post(_ data: ConsoleData) {}

  /// Ends the loop as if `q` had been pressed; from any thread.
  package func stop() {}
}
