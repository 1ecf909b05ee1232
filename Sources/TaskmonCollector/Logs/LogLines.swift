/// Cuts bytes into lines as they come.
///
/// A line longer than the limit is given as far as it goes; the rest of it is passed over.
struct LogLines {
  private let limit: Int
  private var rest: [UInt8] = []
  private var isSkipping: Bool
  private(set) var cut = 0

  /// `inLine`: the first bytes may stand in the middle of a line, which is passed over.
  init(limit: Int, inLine: Bool = false) {
    self.limit = limit
    isSkipping = inLine
  }

  /// Bytes of a line that has not ended.
  var begun: Int { rest.count }

  mutating func take(_ bytes: ArraySlice<UInt8>, line: (ArraySlice<UInt8>) -> Void) {
    var bytes = bytes
    while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
      finish(bytes[..<end], line)
      bytes = bytes[(end + 1)...]
    }
    guard !isSkipping else { return }
    rest += bytes.prefix(limit + 1 - rest.count)
    guard rest.count > limit else { return }
    give(rest[...], line)
    isSkipping = true
  }

  private mutating func finish(_ end: ArraySlice<UInt8>, _ line: (ArraySlice<UInt8>) -> Void) {
    defer { isSkipping = false }
    guard !isSkipping else { return }
    guard !rest.isEmpty else { return give(end, line) }
    rest += end.prefix(limit + 1 - rest.count)
    give(rest[...], line)
  }

  private mutating func give(_ whole: ArraySlice<UInt8>, _ line: (ArraySlice<UInt8>) -> Void) {
    if whole.count > limit { cut += 1 }
    line(whole.prefix(limit))
    rest = []
  }
}
