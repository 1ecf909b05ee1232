import CNcurses
import Glibc
import Synchronization
package import TaskmonTUI

/// Holds the newest data for the console until its loop takes it; older data is replaced unread.
package final class ConsoleMailbox: Sendable {
  /// What lies in the box.
  package struct Mail: Sendable, Equatable {
    package var data: ConsoleData?
    /// What became of the last effect; nil where nothing is to be told.
    package var message: ConsoleMessage?
    /// The newest answer to what the console asked for; nil where none came.
    package var answer: ConsoleEvent?
    package var isStopped: Bool

    package init(
      data: ConsoleData?, message: ConsoleMessage? = nil, answer: ConsoleEvent? = nil,
      isStopped: Bool
    ) {
      self.answer = answer
      self.data = data
      self.message = message
      self.isStopped = isStopped
    }
  }

  private let mail = Mutex(Mail(data: nil, isStopped: false))
  /// Readable while something lies in the box.
  let wakeDescriptor: Int32
  private let bell: Int32

  package init() throws(TerminalError) {
    var (reading, writing): (Int32, Int32) = (-1, -1)
    let error = cn_pipe(&reading, &writing)
    guard error == 0 else { throw .system(call: "pipe", code: error) }
    (wakeDescriptor, bell) = (reading, writing)
  }

  deinit {
    close(wakeDescriptor)
    close(bell)
  }

  /// From any thread.
  package func post(_ data: ConsoleData) {
    mail.withLock { $0.data = data }
    ring()
  }

  /// Tells what became of an effect; from any thread.
  package func tell(_ message: ConsoleMessage) {
    mail.withLock { $0.message = message }
    ring()
  }

  /// Hands over the answer to what the console asked for; from any thread.
  package func post(answer: ConsoleEvent) {
    mail.withLock { $0.answer = answer }
    ring()
  }

  /// Ends the loop as if `q` had been pressed; from any thread.
  package func stop() {
    mail.withLock { $0.isStopped = true }
    ring()
  }

  /// Empties the box; once stopped it stays so.
  package func take() -> Mail {
    // The bell is silenced before the box is opened, so that nothing put in later goes unheard.
    var sink: [UInt8] = Array(repeating: 0, count: 64)
    while read(wakeDescriptor, &sink, sink.count) == sink.count {}
    return mail.withLock { mail in
      let taken = mail
      mail.data = nil
      mail.message = nil
      mail.answer = nil
      return taken
    }
  }

  /// Whether something has been put in since the box was last emptied.
  package var isRinging: Bool {
    var door = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
    return poll(&door, 1, 0) == 1
  }

  /// A full pipe rings already.
  private func ring() {
    var byte: UInt8 = 1
    _ = write(bell, &byte, 1)
  }
}
