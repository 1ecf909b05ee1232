import Foundation

/// A folder of its own under the system's temporary one, removed with everything in it at the end.
package final class TemporaryFolder: Sendable {
  /// Absolute, short enough for a unix socket beneath it.
  package let path: String

  package init() throws {
    var template = Self.template("taskmon-test")
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard made != nil else {
      throw systemError("mkdtemp")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// For mkdtemp and mkstemp: in TMPDIR, unless no unix socket would fit beneath it.
  static func template(_ name: String) -> [CChar] {
    let named = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
    let base = named.hasPrefix("/") && named.utf8.count <= longestBase ? named : "/tmp"
    return Array("\(base)/\(name)-XXXXXX".utf8CString)
  }

  /// The address of a unix socket has 107 bytes; tests put up to sixty behind the base.
  private static let longestBase = 40

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
