/// Swift source with parts of it blanked out, line by line.
///
/// Not a parser: it knows nested block comments, string literals of one and many lines, raw ones,
/// and interpolations as part of their literal; that is all the tidy rules need.
struct CodeText {
  let withoutComments: String
  let withoutCommentsAndLiterals: String
  /// What stands in quotes, without interpolations.
  let literals: String

  init(_ source: String) {
    var scanner = Scanner(bytes: Array(source.utf8))
    scanner.run()
    withoutComments = String(decoding: scanner.uncommented, as: UTF8.self)
    withoutCommentsAndLiterals = String(decoding: scanner.code, as: UTF8.self)
    literals = String(decoding: scanner.literals, as: UTF8.self)
  }

  private enum Part { case code, literal, interpolation }

  private struct Scanner {
    let bytes: [UInt8]
    var uncommented: [UInt8] = []
    var code: [UInt8] = []
    var literals: [UInt8] = []
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
          keep(as: .code)
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
      literals.append(byte)
      position += 1
    }

    mutating func keep(as part: Part) {
      let byte = bytes[position]
      uncommented.append(byte)
      let lineEnd = byte == UInt8(ascii: "\n")
      code.append(part == .code || lineEnd ? byte : UInt8(ascii: " "))
      literals.append(part == .literal || lineEnd ? byte : UInt8(ascii: " "))
      position += 1
    }

    mutating func keep(count: Int, as part: Part) {
      for _ in 0..<min(count, bytes.count - position) { keep(as: part) }
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
      keep(count: hashes, as: .code)
      let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
      keep(count: quote.utf8.count, as: .code)
      while position < bytes.count {
        if starts(with: quote + guardText) {
          return keep(count: quote.utf8.count + hashes, as: .code)
        }
        if quote.utf8.count == 1, bytes[position] == UInt8(ascii: "\n") { return }
        if starts(with: "\\\(guardText)(") {
          interpolation(opening: hashes + 2)
        } else if starts(with: "\\") {
          keep(count: hashes == 0 ? 2 : 1, as: .literal)
        } else {
          keep(as: .literal)
        }
      }
    }

    mutating func interpolation(opening: Int) {
      keep(count: opening, as: .interpolation)
      var depth = 1
      while position < bytes.count, depth > 0 {
        if let hashes = literalOpening() {
          literal(hashes: hashes)
          continue
        }
        if bytes[position] == UInt8(ascii: "(") { depth += 1 }
        if bytes[position] == UInt8(ascii: ")") { depth -= 1 }
        keep(as: .interpolation)
      }
    }
  }
}
