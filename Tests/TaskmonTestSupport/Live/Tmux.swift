import Foundation

/// A real terminal that a test looks at: a tmux server of its own with one pane.
package final class Tmux: Sendable {
  package let folder: TemporaryFolder
  private let lifeline: Int32
  private var socket: String { folder.path("tmux") }

  /// A shell in a pane of the given size; its environment is `environment` and nothing else.
  package init(columns: Int, rows: Int, environment: [String: String]) async throws {
    folder = try TemporaryFolder()
    let fifo = folder.path("lifeline")
    guard mkfifo(fifo, 0o600) == 0 else { throw systemError("mkfifo") }
    lifeline = open(fifo, O_RDWR | O_CLOEXEC)
    guard lifeline >= 0 else { throw systemError("open \(fifo)") }
    let configuration = try folder.write(
      "tmux.conf",
      """
      set -g default-shell /bin/bash
      set -g default-command "exec bash --rcfile \(folder.path("bashrc"))"
      set -g default-terminal tmux-256color
      set -g history-limit 2000
      set -g status off
      set -g escape-time 0
      set -g set-clipboard on
      set -g remain-on-exit on
      """)
    try folder.write("bashrc", "PS1='READY> '\n")
    var shell = environment
    shell["TERM"] = nil
    _ = try await Subprocess.run(
      "setsid",
      [
        "--fork", "\(PythonEnvironment.programs)/guarded", folder.path, "server", "tmux", "-S",
        socket, "-f", configuration, "-D",
      ], environment: shell)
    try await eventually("tmux") { FileManager.default.fileExists(atPath: self.socket) }
    try await eventually("tmux session") {
      try await self.command(["new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"]).end
        == .exit(0)
    }
    try await shows("READY>")
  }

  deinit { close(lifeline) }

  /// What the pane shows: its lines without the blanks at their ends.
  package func screen() async throws -> String {
    try await command(["capture-pane", "-p"]).outputText
  }

  /// What a program in the pane has put into the terminal's clipboard last.
  package func clipboard() async throws -> String {
    try await command(["show-buffer"]).outputText
  }

  /// A value of tmux itself: `cursor_flag`, `alternate_on`, `pane_current_command`.
  package func value(_ name: String) async throws -> String {
    try await command(["display-message", "-p", "#{\(name)}"]).outputText
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Types a text as it is.
  package func type(_ text: String) async throws {
    _ = try await command(["send-keys", "-l", text])
  }

  /// Presses keys by tmux' names: `Enter`, `C-c`, `Down`, `F1`.
  package func press(_ keys: String...) async throws {
    _ = try await command(["send-keys"] + keys)
  }

  /// Types a command line for the shell and presses Enter.
  package func enter(_ line: String) async throws {
    try await type(line)
    try await press("Enter")
  }

  package func resize(columns: Int, rows: Int) async throws {
    _ = try await command(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
  }

  /// Waits until the screen holds a text, and gives the screen; its last look is in the error.
  @discardableResult
  package func shows(_ text: String, within seconds: Double = 20) async throws -> String {
    try await shows(text, within: seconds) { $0.contains(text) }
  }

  /// Waits until the screen fulfils a condition.
  @discardableResult
  package func shows(
    _ what: String, within seconds: Double = 20, _ condition: (String) -> Bool
  ) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let screen = try await screen()
      if condition(screen) { return screen }
      guard ContinuousClock.now < deadline else {
        throw SupportError("the screen never showed \(what) in \(seconds) s:\n\(screen)")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func command(_ arguments: [String]) async throws -> ProcessResult {
    try await Subprocess.run("tmux", ["-S", socket] + arguments)
  }
}
