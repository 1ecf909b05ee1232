import Glibc
package import TaskmonTUI

/// Writes a view's rows where the program was started: never over a file that is there.
package enum NewFile {
  /// A name that is taken gets a number; this many are tried.
  static let attempts = 99

  package enum Outcome: Sendable, Equatable {
    /// Where the rows lie now.
    case written(path: String, rows: Int)
    /// Which file could not be written, and what the system said.
    case failed(path: String, reason: String)
  }

  /// Mode 0600, and nothing is left where it fails; `folder` nil is the working directory.
  package static func write(_ file: ViewFile, in folder: String? = nil) -> Outcome {
    let folder = folder ?? workingDirectory
    for number in 1...attempts {
      let tail = number == 1 ? "" : "-\(number)"
      let path = "\(folder)/\(file.name)\(tail).\(file.format.rawValue)"
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
      let descriptor = open(path, flags, mode_t(0o600))
      if descriptor < 0 {
        if errno == EEXIST { continue }
        return .failed(path: path, reason: reason(errno))
      }
      let error = put(file.text, into: descriptor)
      guard error == 0 else {
        unlink(path)
        return .failed(path: path, reason: reason(error))
      }
      return .written(path: path, rows: file.rowCount)
    }
    return .failed(path: "\(folder)/\(file.name)", reason: "every number behind it is taken")
  }

  package static func message(_ outcome: Outcome) -> ConsoleMessage {
    switch outcome {
    case .written(let path, let rows):
      ConsoleMessage("\(rows) \(rows == 1 ? "row" : "rows") saved in \(path)")
    case .failed(let path, let reason):
      ConsoleMessage("not saved: \(path): \(reason)", isRefusal: true)
    }
  }

  /// Writes everything and closes; 0, or the errno of what failed.
  private static func put(_ text: String, into descriptor: Int32) -> Int32 {
    var left = Array(text.utf8)[...]
    while !left.isEmpty {
      let count = left.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let error = errno
        close(descriptor)
        return error
      }
      left = left.dropFirst(count)
    }
    return close(descriptor) == 0 ? 0 : errno
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  private static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
