import Glibc

/// Passwords given in URLs on the command line, which every user of the machine could read.
enum ArgumentSecrets {
  static let warning =
    "a password on the command line could be read by others until now; "
    + "give the URL in TASKMON_BROKER, or use --password-file"

  /// The arguments as given, after the passwords in this process' own list were overwritten.
  static func takeOutOfSight() -> (values: [String], heldSecret: Bool) {
    let values = CommandLine.arguments
    var held = false
    for index in 0..<Int(CommandLine.argc) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      let bytes = UnsafeMutableRawBufferPointer(start: argument, count: strlen(argument))
      for range in secrets(in: Array(bytes)) {
        held = true
        for position in range { bytes[position] = UInt8(ascii: "*") }
      }
    }
    return (values, held)
  }

  /// Where passwords stand in one argument: between the colon after `://` and the last `@` before
  /// the next slash; a list of URLs has several.
  static func secrets(in argument: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = argument.startIndex
    let mark = Array("://".utf8)
    while start + mark.count <= argument.count {
      guard argument[start..<start + mark.count].elementsEqual(mark) else {
        start += 1
        continue
      }
      start += mark.count
      let end =
        argument[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ";") }
        ?? argument.count
      let authority = argument[start..<end]
      guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
        let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
      else { continue }
      found.append(colon + 1..<at)
    }
    return found
  }
}
