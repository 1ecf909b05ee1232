/// A hash of bytes that nobody outside can aim at, for tables that are filled by others.
///
/// Not `Hasher`: names and ids are looked up for every event, and most are shorter than its set-up.
struct ByteHash: Sendable {
  private static let first: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let second: UInt64 = 0xD1B5_4A32_D192_ED03

  let seed: UInt64

  func hash(_ bytes: Span<UInt8>, salt: UInt64 = 0) -> UInt64 {
    var state = seed ^ salt ^ UInt64(bytes.count)
    var index = 0
    while index <= bytes.count - 8 {
      let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      state = Self.mixed(state ^ word, Self.first)
      index += 8
    }
    var rest: UInt64 = 0
    while index < bytes.count {
      rest = rest << 8 | UInt64(bytes[index])
      index += 1
    }
    return Self.mixed(state ^ rest, Self.second)
  }

  func hash(_ high: UInt64, _ low: UInt64) -> UInt64 {
    Self.mixed(Self.mixed(seed ^ high, Self.first) ^ low, Self.second)
  }

  @inline(__always)
  private static func mixed(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
