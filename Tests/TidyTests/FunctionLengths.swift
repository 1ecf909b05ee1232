/// How long the functions and initialisers of a file are, from the `func` line to the last brace.
enum FunctionLengths {
  struct Function: Equatable {
    /// Counted from 1.
    let line: Int
    let lines: Int
  }

  /// Looks at code whose comments and literals are blanked out.
  static func all(in code: String) -> [Function] {
    let bytes = Array(code.utf8)
    let declaration = #/(?:^|[^.\w`])(func\s|init[?(<]|subscript\s*\()/#
    return code.matches(of: declaration).compactMap { match in
      let start = code.utf8.distance(from: code.startIndex, to: match.output.1.startIndex)
      guard let opening = bodyOpening(in: bytes, from: start) else { return nil }
      let closing = bodyClosing(in: bytes, from: opening)
      return Function(
        line: newlines(in: bytes[..<start]) + 1, lines: newlines(in: bytes[start..<closing]) + 1)
    }
  }

  /// The brace that opens the body; nil for a requirement of a protocol, which has none.
  ///
  /// A signature goes on over line ends inside parentheses, and where the next line begins with
  /// what only a signature goes on with.
  private static func bodyOpening(in bytes: [UInt8], from start: Int) -> Int? {
    var depth = 0
    for index in start..<bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "{") where depth == 0: return index
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "\n") where depth == 0:
        let rest = bytes[index...].drop { $0 == 32 || $0 == 10 }
        let goesOn = ["->", "where", "throws", "async", "rethrows", "{", ")"]
        guard goesOn.contains(where: { rest.starts(with: $0.utf8) }) else { return nil }
      default: break
      }
    }
    return nil
  }

  private static func bodyClosing(in bytes: [UInt8], from opening: Int) -> Int {
    var depth = 0
    for index in opening..<bytes.count {
      if bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return index }
    }
    return bytes.count
  }

  private static func newlines(in bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
  }
}
