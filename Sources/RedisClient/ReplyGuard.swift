/// Reads the length headers of a reply stream ahead of the parser, so that what is too much or no
/// reply at all is refused before anything is allocated for it.
struct ReplyGuard {
  enum Refusal: Error, Sendable, Hashable {
    case bulk(Int64), array(Int64), nesting, line
    /// What came instead of a reply; its first bytes.
    case notRedis([UInt8])
    case length
  }

  private enum Place {
    case start
    /// Within a line that is a whole reply, or the text of a length.
    case line(kind: UInt8, length: Int, number: Int64, negative: Bool)
    /// Bytes of a string still to come, its line end included.
    case body(Int)
  }

  private static let longestLine = 1 << 16
  private let bulkBytes: Int64
  private let arrayElements: Int64
  private let nesting: Int
  private var place = Place.start
  /// Elements still to come, per array we are in, the outermost first.
  private var open: [Int64] = []

  init(_ limits: RedisLimits) {
    bulkBytes = Int64(limits.bulkBytes)
    arrayElements = Int64(limits.arrayElements)
    nesting = limits.nesting
    open.reserveCapacity(limits.nesting)
  }

  /// Throws where the bytes, read after all before them, must not reach the parser.
  mutating func check(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    var index = 0
    while index < bytes.count {
      switch place {
      case .body(let rest):
        let step = min(rest, bytes.count - index)
        index += step
        place = .body(rest - step)
        if rest == step { finishItem() }
      case .start:
        let kind = bytes[index]
        guard "+-:$*".utf8.contains(kind) else {
          throw .notRedis(Array(bytes[index...].prefix(48)))
        }
        place = .line(kind: kind, length: 0, number: 0, negative: false)
        index += 1
      case .line(let kind, let length, let number, let negative):
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\n") {
          try finishLine(kind, negative ? -number : number)
        } else {
          try extendLine(byte, kind, length, number, negative)
        }
      }
    }
  }

  private mutating func extendLine(
    _ byte: UInt8, _ kind: UInt8, _ length: Int, _ number: Int64, _ negative: Bool
  ) throws(Refusal) {
    guard length < Self.longestLine else { throw .line }
    var number = number
    var negative = negative
    if kind == UInt8(ascii: "$") || kind == UInt8(ascii: "*") {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        guard number < 1 << 50 else { throw .length }
        number = number * 10 + Int64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "-") where length == 0: negative = true
      case UInt8(ascii: "\r"): break
      default: throw .length
      }
    }
    place = .line(kind: kind, length: length + 1, number: number, negative: negative)
  }

  private mutating func finishLine(_ kind: UInt8, _ number: Int64) throws(Refusal) {
    switch kind {
    case UInt8(ascii: "$") where number >= 0:
      guard number <= bulkBytes else { throw .bulk(number) }
      place = .body(Int(number) + 2)
    case UInt8(ascii: "*") where number > 0:
      guard number <= arrayElements else { throw .array(number) }
      guard open.count < nesting else { throw .nesting }
      open.append(number)
      place = .start
    default: finishItem()
    }
  }

  private mutating func finishItem() {
    place = .start
    while let last = open.last {
      guard last == 1 else {
        open[open.count - 1] = last - 1
        return
      }
      open.removeLast()
    }
  }
}
