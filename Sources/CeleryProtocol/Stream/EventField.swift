/// The members of an event that mean something to us, by the name Celery gives them.
enum EventField: String, CaseIterable {
  case hostname, type, timestamp, pid, clock, runtime, name, retries, eta, expires, queue, exchange
  case exception, traceback, requeue, terminated, expired, active, processed
  case id = "uuid"
  case arguments = "args"
  case keywordArguments = "kwargs"
  case routingKey = "routing_key"
  case rootID = "root_id"
  case parentID = "parent_id"
  case signal = "signum"
  case frequency = "freq"
  case loads = "loadavg"
  case softwareVersion = "sw_ver"
}

/// Finds fields by the bytes of their names, without making a text of them.
struct EventFieldTable: Sendable {
  /// A name of up to 16 bytes as two words that overlap, so that two comparisons are exact.
  private struct Name: Sendable, Equatable {
    var head: UInt64
    var tail: UInt64
    var count: Int

    /// Nil for what no field is called: an empty or a long name.
    @inline(__always)
    init?(_ bytes: Span<UInt8>, from start: Int, count: Int) {
      guard count > 0, count <= 16 else { return nil }
      let headCount = min(8, count)
      self.count = count
      head = Self.word(bytes, from: start, count: headCount)
      tail = count > 8 ? Self.word(bytes, from: start + count - 8, count: 8) : 0
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, from start: Int, count: Int) -> UInt64 {
      if start <= bytes.count - 8 {
        let word = UInt64(
          littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        return word & (UInt64.max &>> UInt64(64 - 8 * count))
      }
      var word: UInt64 = 0
      for offset in 0..<count { word |= UInt64(bytes[start + offset]) << UInt64(8 * offset) }
      return word
    }

    var slot: Int {
      Int(truncatingIfNeeded: ((head ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15) &>> 57)
    }
  }

  private struct Entry: Sendable {
    var name: Name
    var field: EventField
  }

  /// Four times as many places as fields, so that few are looked at twice.
  private var entries = [Entry?](repeating: nil, count: 128)

  init() {
    for field in EventField.allCases {
      let bytes = Array(field.rawValue.utf8)
      guard let name = Name(bytes.span, from: 0, count: bytes.count) else { continue }
      var slot = name.slot
      while entries[slot] != nil { slot = (slot + 1) & 127 }
      entries[slot] = Entry(name: name, field: field)
    }
  }

  /// Nil for a member of no interest.
  func field(_ key: JSONSlice, _ bytes: Span<UInt8>) -> EventField? {
    if key.isEscaped { return EventField(rawValue: JSONCursor().text(key, bytes, limit: 256)) }
    guard let name = Name(bytes, from: key.start, count: key.end - key.start) else { return nil }
    var slot = name.slot
    while let entry = entries[slot] {
      if entry.name == name { return entry.field }
      slot = (slot + 1) & 127
    }
    return nil
  }
}
