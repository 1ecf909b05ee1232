/// What others wrote, made fit for one line of text.
enum Printable {
  /// At most 160 characters, without control characters.
  static func line(_ text: String) -> String {
    String(
      text.unicodeScalars.prefix(160).map { scalar in
        scalar.properties.generalCategory == .control ? " " : Character(scalar)
      })
  }

  /// The first line of bytes that may be anything.
  static func line(_ bytes: [UInt8]) -> String {
    let line = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    let shown = line.map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: ".") }
    return String(decoding: shown, as: UTF8.self)
  }
}
