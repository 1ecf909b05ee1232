import Glibc
import RedisClient

/// The command line as it was given, and the passwords in it.
struct TypedArguments {
  var values: [String]
  /// Something to be warned of: a password where a URL of Redis was meant.
  var isUnwise = false
  /// Each password as it was typed, with the byte before it and, where there is one, the byte
  /// behind: a password of one letter must not be found in every word.
  private var secrets: [(left: String, secret: String, right: String)] = []

  init(_ values: [String]) {
    self.values = values
    for (index, value) in values.enumerated() {
      let bytes = Array(value.utf8)
      for range in URLSecrets.ranges(in: bytes) {
        secrets.append(
          (
            String(decoding: bytes[..<range.lowerBound].suffix(1), as: UTF8.self),
            String(decoding: bytes[range], as: UTF8.self),
            String(decoding: bytes[range.upperBound...].prefix(1), as: UTF8.self)
          ))
        // A command's own URLs are no business of ours, and could be given in no other way.
        let before = index > 0 ? values[index - 1] : ""
        if before != "--exec", !value.hasPrefix("--exec=") { isUnwise = true }
      }
    }
  }

  /// The text as it may be told: a complaint may quote what was typed.
  func hidden(in text: String) -> String {
    secrets.reduce(text) { text, found in
      text.replacing(
        found.left + found.secret + found.right, with: found.left + "***" + found.right)
    }
  }
}

/// Passwords given in URLs on the command line, which every user of the machine could read.
enum ArgumentSecrets {
  static let warning =
    "a password on the command line could be read by others until now; "
    + "give the URL in TASKMON_BROKER, or use --password-file"

  /// The arguments as given, after the passwords in this process' own list were overwritten.
  static func takeOutOfSight() -> TypedArguments {
    let typed = TypedArguments(CommandLine.arguments)
    for index in 0..<Int(CommandLine.argc) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      let bytes = UnsafeMutableRawBufferPointer(start: argument, count: strlen(argument))
      for range in URLSecrets.ranges(in: Array(bytes)) {
        for position in range { bytes[position] = UInt8(ascii: "*") }
      }
    }
    return typed
  }
}
