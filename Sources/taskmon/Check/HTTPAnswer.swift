/// An answer of a web server, taken apart.
struct HTTPAnswer: Equatable {
  var status: Int
  var body: [UInt8]

  /// Nil for what is no whole HTTP answer.
  init?(_ bytes: [UInt8]) {
    let mark = Array("\r\n\r\n".utf8)
    guard
      let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) })
    else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return nil
    }
    self.status = status
    let rest = bytes[(end + mark.count)...]
    let fields = lines.dropFirst().map { $0.lowercased() }
    if fields.contains(where: { $0.hasPrefix("transfer-encoding:") && $0.hasSuffix("chunked") }) {
      guard let joined = Self.joined(rest) else { return nil }
      body = joined
      return
    }
    let length = fields.first { $0.hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) }
    if let length, length != rest.count { return nil }
    body = Array(rest)
  }

  /// The chunks of a body; nil where the last is missing.
  private static func joined(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = bytes
    var whole: [UInt8] = []
    while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
      let digits = rest[..<end].prefix { $0 != UInt8(ascii: ";") }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
        return nil
      }
      if size == 0 { return whole }
      rest = rest[end...].dropFirst(2)
      guard size <= rest.count else { return nil }
      whole += rest.prefix(size)
      rest = rest.dropFirst(size).dropFirst(2)
    }
    return nil
  }
}

/// Where a running `taskmon serve` is: `http://host[:port][/path]`.
struct ServeURL: Equatable {
  var host: String
  var port: UInt16
  var path: String
  /// As it was given, to be named in complaints.
  var text: String

  static let healthPath = "/api/v1/health"

  /// The failure is a clause that says what would be right.
  init(_ text: String) throws(CommandFailure) {
    func refusal(_ why: String) -> CommandFailure { CommandFailure("--from: \(why)", code: 3) }
    guard text.hasPrefix("http://") else {
      throw refusal(
        text.hasPrefix("https://")
          ? "TLS is not spoken here; name the daemon itself as http://host:9808"
          : "write http://host:9808")
    }
    let rest = text.dropFirst("http://".count)
    let authority = rest.prefix { !"/?#".contains($0) }
    let path = String(rest.dropFirst(authority.count))
    guard !authority.contains("@") else {
      throw refusal("a user and password are not taken here; write http://host:9808")
    }
    let (host, port) = Self.split(authority)
    guard let port, !host.isEmpty,
      text.unicodeScalars.allSatisfy({ (0x21...0x7E).contains($0.value) })
    else { throw refusal("write http://host:9808") }
    self.host = host
    self.port = port
    self.path = path.isEmpty || path == "/" ? Self.healthPath : path
    self.text = text
  }

  /// A nil port is none that can be.
  private static func split(_ authority: Substring) -> (host: String, port: UInt16?) {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      let host = authority[authority.index(after: authority.startIndex)..<end]
      let tail = authority[authority.index(after: end)...]
      return (String(host), tail.isEmpty ? 80 : UInt16(tail.dropFirst()))
    }
    guard let colon = authority.lastIndex(of: ":") else { return (String(authority), 80) }
    return (String(authority[..<colon]), UInt16(authority[authority.index(after: colon)...]))
  }
}
