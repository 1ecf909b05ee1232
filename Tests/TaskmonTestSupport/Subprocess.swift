import Dispatch
import Foundation
import Synchronization

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
///
/// Its output goes into nameless files, so that nothing blocks however much it writes. It is killed
/// when the last reference to it goes away, unless it knows itself when to end.
package final class Subprocess: Sendable {
  package let processID: Int32
  private let child: Child
  private let killedWithUs: Bool
  private let output: NamelessFile
  private let errors: NamelessFile

  /// Starts the program and returns at once.
  ///
  /// `executable` is searched in PATH where it has no slash; a nil `environment` is our own.
  /// `inputDescriptor` takes the place of `input`, and is not closed.
  package init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
    folder: String? = nil, input: [UInt8] = [], inputDescriptor: Int32? = nil,
    killedWithUs: Bool = true
  ) throws {
    self.killedWithUs = killedWithUs
    output = try NamelessFile()
    errors = try NamelessFile()
    let source = try NamelessFile(holding: input)
    processID = try spawn(
      executable, arguments, environment: environment, folder: folder,
      descriptors: [
        inputDescriptor ?? source.descriptor, output.descriptor, errors.descriptor,
      ])
    child = Child(processID)
    child.reapWhenEnded()
  }

  deinit {
    if killedWithUs { child.send(signal: SIGKILL) }
  }

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
    let deadline = ContinuousClock.now + .seconds(seconds)
    var late = false
    while child.end == nil {
      if !late && ContinuousClock.now >= deadline {
        late = true
        child.send(signal: SIGKILL)
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    let end = late ? .timedOut : child.end ?? .timedOut
    return ProcessResult(end: end, output: output.bytes, errors: errors.bytes)
  }

  /// What has come so far.
  package var outputSoFar: String { String(decoding: output.bytes, as: UTF8.self) }
  package var errorsSoFar: String { String(decoding: errors.bytes, as: UTF8.self) }
  package var isRunning: Bool { child.end == nil }
  package func send(signal: Int32) { child.send(signal: signal) }
  package func terminate() { send(signal: SIGTERM) }
  package func kill() { send(signal: SIGKILL) }
}

/// A child of ours, reaped by a thread that does nothing else.
private final class Child: Sendable {
  private let processID: Int32
  private let ended = Mutex<ProcessEnd?>(nil)

  init(_ processID: Int32) { self.processID = processID }

  var end: ProcessEnd? { ended.withLock { $0 } }

  /// Never reaches a stranger: the id is ours until it is reaped, under the same lock.
  func send(signal: Int32) {
    ended.withLock { end in
      if end == nil { kill(processID, signal) }
    }
  }

  func reapWhenEnded() {
    DispatchQueue(label: "test.child.\(processID)").async { [self] in
      var information = siginfo_t()
      while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {
      }
      ended.withLock { end in
        var status: Int32 = 0
        waitpid(processID, &status, 0)
        let signal = status & 0x7f
        end = signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
      }
    }
  }
}

/// A file without a name, gone with its last descriptor.
private final class NamelessFile: Sendable {
  let descriptor: Int32

  init(holding bytes: [UInt8] = []) throws {
    var template = TemporaryFolder.template("taskmon-test-file")
    descriptor = template.withUnsafeMutableBufferPointer { name in
      guard let base = name.baseAddress else { return -1 }
      let file = noStrayDescriptors.withLock { _ in
        let file = mkstemp(base)
        if file >= 0 { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        return file
      }
      if file >= 0 { unlink(base) }
      return file
    }
    guard descriptor >= 0 else { throw systemError("mkstemp") }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress, $0.count, off_t(written))
      }
      guard count > 0 else { throw systemError("pwrite") }
      written += count
    }
  }

  deinit { close(descriptor) }

  var bytes: [UInt8] {
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_size > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: Int(information.st_size)) { buffer, count in
      count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, 0))
    }
  }
}
