/// A task id in 16 bytes: a canonical UUID as it is, any other text as a marked hash.
///
/// Ids are free text in Celery. The mark is a variant no UUID in use has (its three top bits set),
/// so that a hash is never taken for a UUID nor a UUID for a hash; a UUID of that variant counts as
/// text.
struct TaskKey: Sendable, Hashable {
  let high: UInt64
  let low: UInt64

  /// Of no task.
  static let zero = TaskKey(high: 0, low: 0)

  private static let mark: UInt64 = 0b111 << 61

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(_ text: Span<UInt8>, _ hasher: ByteHash) {
    if let (high, low) = Self.uuid(text), low & Self.mark != Self.mark {
      self.high = high
      self.low = low
    } else {
      high = hasher.hash(text)
      low = hasher.hash(text, salt: 0x5851_F42D_4C95_7F2D) | Self.mark
    }
  }

  init(_ text: String, _ hasher: ByteHash) {
    let bytes = Array(text.utf8)
    self.init(bytes.span, hasher)
  }

  /// Whether the text itself must be kept elsewhere.
  var isHash: Bool { low & Self.mark == Self.mark }

  /// The canonical text of a UUID; of a hash, digits that tell two of them apart.
  var text: String {
    isHash ? "#" + digits(dashed: false) : digits(dashed: true)
  }

  /// Written in place, for a snapshot names hundreds of tasks.
  private func digits(dashed: Bool) -> String {
    String(unsafeUninitializedCapacity: 36) { text in
      var end = 0
      for digit in 0..<32 {
        if dashed, digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          text[end] = UInt8(ascii: "-")
          end += 1
        }
        let half = digit < 16 ? high : low
        let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - digit % 16 * 4)) & 0xF
        text[end] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        end += 1
      }
      return end
    }
  }

  /// Both halves where the text is 36 bytes of lower-case digits with dashes in their places.
  private static func uuid(_ text: Span<UInt8>) -> (UInt64, UInt64)? {
    guard text.count == 36 else { return nil }
    let dash = UInt8(ascii: "-")
    guard text[8] == dash, text[13] == dash, text[18] == dash, text[23] == dash else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    guard append(text, 0, 8, to: &high), append(text, 9, 13, to: &high),
      append(text, 14, 18, to: &high), append(text, 19, 23, to: &low),
      append(text, 24, 36, to: &low)
    else { return nil }
    return (high, low)
  }

  @inline(__always)
  private static func append(
    _ text: Span<UInt8>, _ start: Int, _ end: Int, to value: inout UInt64
  ) -> Bool {
    for index in start..<end {
      let digit = text[index] &- UInt8(ascii: "0")
      let letter = text[index] &- UInt8(ascii: "a")
      guard digit < 10 || letter < 6 else { return false }
      value = value << 4 | UInt64(digit < 10 ? digit : letter + 10)
    }
    return true
  }
}
