/// Where the server listens: a host or address, and a port.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// Without brackets; `0.0.0.0` for every interface.
  package var host: String
  /// 0 lets the system choose.
  package var port: Int

  package static let standard = ListenAddress(host: "127.0.0.1", port: 9808)

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `127.0.0.1:9808`, `[::1]:9808`, `localhost:9808` and `:9808`; nil for anything else.
  package init?(text: String) {
    guard let (host, rest) = Self.split(text), let digits = rest,
      digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let port = UInt16(digits)
    else { return nil }
    self.init(host: host.isEmpty ? "0.0.0.0" : host, port: Int(port))
  }

  /// As it stands in a URL.
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Whether only programs of this machine can reach it.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && Self.isIPv4(host))
  }

  /// The host of a `Host` header or an address, in lower case and without brackets, and what
  /// stands behind the colon; nil for what is neither.
  static func split(_ text: String) -> (host: String, port: String?)? {
    guard text.utf8.allSatisfy(isHostByte) else { return nil }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = text[text.index(after: text.startIndex)..<end].lowercased()
      let rest = text[text.index(after: end)...]
      guard host.contains(":"), host.utf8.allSatisfy(isIPv6Byte) else { return nil }
      if rest.isEmpty { return (host, nil) }
      return rest.hasPrefix(":") ? (host, String(rest.dropFirst())) : nil
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let host = parts.first, !host.contains("["), !host.contains("]") else {
      return nil
    }
    return (host.lowercased(), parts.count == 2 ? String(parts[1]) : nil)
  }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func isIPv6Byte(_ byte: UInt8) -> Bool {
    isHexDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }
}
