import Foundation

/// A folder of its own under the system's temporary one, removed with everything in it at the end.
package final class TemporaryFolder: Sendable {
  /// Absolute, short enough for a unix socket beneath it.
  package let path: String

  package init() throws {
    var template = Array("/tmp/taskmon-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard made != nil else {
      throw systemError("mkdtemp")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file or folder in it.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  package func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }
}

/// What went wrong in the support of a test, not in what it tests.
package struct SupportError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// What the last failed system call says.
func systemError(_ call: String, _ code: Int32 = errno) -> SupportError {
  SupportError("\(call): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")")
}
