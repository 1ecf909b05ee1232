/// Swift source with its comments, or comments and literals, blanked out line by line.
///
/// Not a parser: it knows nested block comments, string literals of one and many lines, raw ones,
/// and interpolations as part of their literal; that is all the tidy rules need.
struct CodeText {
  let withoutComments: String
  let withoutCommentsAndLiterals: String

  init(_ source: String) {
    var scanner = Scanner(bytes: Array(source.utf8))
    scanner.run()
    withoutComments = String(decoding: scanner.uncommented, as: UTF8.self)
    withoutCommentsAndLiterals = String(decoding: scanner.code, as: UTF8.self)
  }

  private struct Scanner {
    let bytes: [UInt8]
    var uncommented: [UInt8] = []
    var code: [UInt8] = []
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
      while position < bytes.count {
        if starts(with: "//") {
          while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { drop() }
        } else if starts(with: "/*") {
          blockComment()
        } else if let hashes = literalOpening() {
          literal(hashes: hashes)
        } else {
          keep(asCode: true)
        }
      }
    }

    func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    /// The number of `#` before a quote that begins here; nil where no literal begins.
    func literalOpening() -> Int? {
      var at = position
      while at < bytes.count, bytes[at] == UInt8(ascii: "#") { at += 1 }
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
      return at - position
    }

    /// Leaves a byte out of both texts; line ends stay.
    mutating func drop() {
      let byte = bytes[position] == UInt8(ascii: "\n") ? bytes[position] : UInt8(ascii: " ")
      uncommented.append(byte)
      code.append(byte)
      position += 1
    }

    mutating func keep(asCode: Bool) {
      let byte = bytes[position]
      uncommented.append(byte)
      code.append(asCode || byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
      position += 1
    }

    mutating func keep(count: Int, asCode: Bool) {
      for _ in 0..<min(count, bytes.count - position) { keep(asCode: asCode) }
    }

    mutating func blockComment() {
      var depth = 0
      repeat {
        if starts(with: "/*") {
          depth += 1
          drop()
        } else if starts(with: "*/") {
          depth -= 1
          drop()
        }
        if position < bytes.count { drop() }
      } while depth > 0 && position < bytes.count
    }

    mutating func literal(hashes: Int) {
      let guardText = String(repeating: "#", count: hashes)
      keep(count: hashes, asCode: true)
      let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
      keep(count: quote.utf8.count, asCode: true)
      while position < bytes.count {
        if starts(with: quote + guardText) {
          return keep(count: quote.utf8.count + hashes, asCode: true)
        }
        if quote.utf8.count == 1, bytes[position] == UInt8(ascii: "\n") { return }
        if starts(with: "\\\(guardText)(") {
          interpolation(opening: hashes + 2)
        } else if starts(with: "\\") {
          keep(count: hashes == 0 ? 2 : 1, asCode: false)
        } else {
          keep(asCode: false)
        }
      }
    }

    mutating func interpolation(opening: Int) {
      keep(count: opening, asCode: false)
      var depth = 1
      while position < bytes.count, depth > 0 {
        if let hashes = literalOpening() {
          literal(hashes: hashes)
          continue
        }
        if bytes[position] == UInt8(ascii: "(") { depth += 1 }
        if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
        keep(asCode: false)
      }
    }
  }
}
