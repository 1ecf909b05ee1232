import ArgumentParser
import Glibc
import TaskmonUnits

/// The process' environment, as values; an empty variable counts as none.
struct Environment {
  private let variables: [String: String]

  init(_ variables: [String: String]) { self.variables = variables }

  static var process: Environment {
    var found: [String: String] = [:]
    var entry = environ
    while let pointer = entry.pointee {
      let text = String(cString: pointer)
      if let equals = text.firstIndex(of: "=") {
        found[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return Environment(found)
  }

  subscript(name: String) -> String? {
    variables[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// True for `1`, `true`, `yes`, `on`.
  func flag(_ name: String) -> Bool {
    ["1", "true", "yes", "on"].contains(self[name]?.lowercased() ?? "")
  }

  func seconds(_ name: String) throws -> Seconds? {
    guard let text = self[name] else { return nil }
    guard let seconds = Seconds(text: text) else {
      throw ValidationError("\(name) is no duration; write 500ms, 10s, 5m or 2h")
    }
    return seconds
  }
}

/// A password kept in a file, out of sight of the process list.
enum PasswordFile {
  private static let limit = 4096

  /// The first line, without its end.
  static func read(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ValidationError(
        "the password file \(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = Glibc.read(descriptor, &buffer, limit)
    let line = buffer.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
    guard !line.isEmpty else { throw ValidationError("the password file \(path) is empty") }
    let text = String(decoding: line, as: UTF8.self)
    return text.hasSuffix("\r") ? String(text.dropLast()) : text
  }
}
