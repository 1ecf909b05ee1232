/// Where passwords stand in a text that is a URL, or holds one: the one list of what is secret.
package enum URLSecrets {
  /// Options of a URL whose values are passwords: redis-py's and our own.
  package static let options: Set<String> = [
    "password", "ssl_password", "sentinel_password", "sentinel_ssl_password",
  ]

  /// The text with `***` in the place of each password.
  package static func hidden(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for range in ranges(in: bytes).reversed() {
      bytes.replaceSubrange(range, with: Array("***".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The stretches of bytes that are passwords, in their order.
  ///
  /// Rather too much than too little: a password that should have been percent-encoded and was not
  /// is a password still.
  package static func ranges(in text: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = text.startIndex
    while let authority = end(of: "://", in: text[start...]) {
      let next = beginning(ofNextAfter: authority, in: text)
      found += ranges(ofPiece: text[authority..<next])
      start = next
    }
    return found
  }

  /// Of one URL, from behind its `://`.
  private static func ranges(ofPiece piece: ArraySlice<UInt8>) -> [Range<Int>] {
    let login = login(in: piece)
    let query = piece.firstIndex(of: UInt8(ascii: "?")) ?? piece.endIndex
    var found = login.map { [$0] } ?? []
    var start = max(query, login?.upperBound ?? query)
    while start < piece.endIndex {
      let end = piece[start...].firstIndex(of: UInt8(ascii: "&")) ?? piece.endIndex
      if let equals = piece[start..<end].firstIndex(of: UInt8(ascii: "=")), equals + 1 < end {
        let name = String(
          decoding: piece[start..<equals].drop { $0 == UInt8(ascii: "?") }, as: UTF8.self)
        if options.contains(RedisURLText.decoded(name).lowercased()) {
          found.append(equals + 1..<end)
        }
      }
      start = min(end + 1, piece.endIndex)
    }
    return found
  }

  /// From the first colon to the last `@` before the query; nil where there is no password.
  private static func login(in piece: ArraySlice<UInt8>) -> Range<Int>? {
    let authority = piece.prefix { !"/?#".utf8.contains($0) }
    let query = piece.firstIndex(of: UInt8(ascii: "?")) ?? piece.endIndex
    guard let colon = authority.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let isPort = authority[(colon + 1)...].allSatisfy { (0x30...0x39).contains($0) }
    let before = piece[..<query].lastIndex(of: UInt8(ascii: "@"))
    // What begins like a password and ends in the query has a `?` in it.
    let at = before ?? (isPort ? nil : piece.lastIndex(of: UInt8(ascii: "@")))
    guard let at, colon + 1 < at else { return nil }
    return colon + 1..<at
  }

  /// Where the next URL of a list begins, at its `;` or `,`; else the end of the text.
  private static func beginning(ofNextAfter start: Int, in text: [UInt8]) -> Int {
    var from = start
    while let end = end(of: "://", in: text[from...]) {
      let scheme = text[start..<(end - 3)].reversed().prefix(while: isScheme)
      let first = end - 3 - scheme.count
      if first > start, ";,".utf8.contains(text[first - 1]) { return first - 1 }
      from = end
    }
    return text.endIndex
  }

  private static func isScheme(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    case _: false
    }
  }

  /// The position behind the first occurrence of a mark.
  private static func end(of mark: String, in text: ArraySlice<UInt8>) -> Int? {
    let wanted = Array(mark.utf8)
    guard text.count >= wanted.count else { return nil }
    return (text.startIndex...(text.endIndex - wanted.count)).first {
      text[$0..<$0 + wanted.count].elementsEqual(wanted)
    }.map { $0 + wanted.count }
  }
}
