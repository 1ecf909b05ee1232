/// How a process ended.
package enum ProcessEnd: Sendable, Hashable {
  case exit(Int32)
  case signal(Int32)
  /// It did not end in time and was killed.
  case timedOut
}

/// A finished process: how it ended and what it wrote.
package struct ProcessResult: Sendable {
  package let end: ProcessEnd
  package let output: [UInt8]
  package let errors: [UInt8]

  package var outputText: String { String(decoding: output, as: UTF8.self) }
  package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// A program run by a test, with a clean signal mask and no inherited file descriptors.
package final class Subprocess: Sendable {
  package let processID: Int32

  /// Starts the program and returns at once.
  ///
  /// `executable` is searched in PATH where it has no slash; a nil `environment` is our own.
  package init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
    folder: String? = nil, input: [UInt8] = []
  ) throws { processID = 0 }

  /// Runs a program to its end.
  package static func run(
    _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
    folder: String? = nil, input: [UInt8] = [], timeout seconds: Double = 60
  ) async throws -> ProcessResult {
    try await Subprocess(
      executable, arguments, environment: environment, folder: folder, input: input
    ).result(timeout: seconds)
  }

  /// Waits for the end; kills the process where it takes longer than `timeout` seconds.
  package func result(timeout seconds: Double = 60) async throws -> ProcessResult {
    ProcessResult(end: .timedOut, output: [], errors: [])
  }

  /// What has come so far.
  package var outputSoFar: String { "" }
  package var errorsSoFar: String { "" }
  package var isRunning: Bool { false }
  package func send(signal: Int32) {}
  package func terminate() {}
  package func kill() {}
}
