import CeleryProtocol

extension EventFrame.Kind {
  var outcome: TaskOutcome? {
    switch self {
    case .taskSent: .sent
    case .taskReceived: .received
    case .taskStarted: .started
    case .taskSucceeded: .succeeded
    case .taskFailed: .failed
    case .taskRetried: .retried
    case .taskRejected: .rejected
    case .taskRevoked: .revoked
    case .workerOnline, .workerHeartbeat, .workerOffline, .other: nil
    }
  }
}

extension EventFrame {
  /// Whether a task names itself as its parent, as a retry and a replacement do.
  func says(parentIsItselfIn body: Span<UInt8>) -> Bool {
    guard id.count == parentID.count else { return false }
    return id.withRawBytes(in: body) { own in
      parentID.withRawBytes(in: body) { parent in
        for index in 0..<min(own.count, parent.count) where own[index] != parent[index] {
          return false
        }
        return own.count == parent.count
      }
    }
  }

  /// The class of an exception, read off its repr where that begins with one, as nearly all do.
  func failureClass(
    in body: Span<UInt8>, _ classes: inout NameTable
  ) -> NameTable.Index {
    let quick = exception.withRawBytes(in: body) { text -> NameTable.Index? in
      guard let range = Self.className(text) else { return nil }
      let name = text.extracting(range)
      return Self.isWrapper(name) ? nil : classes.intern(name)
    }
    if let quick { return quick }
    guard let name = failure(in: body).className else { return NameTable.unknown }
    return classes.intern(name)
  }

  /// The last part of a dotted ASCII name in front of a parenthesis.
  private static func className(_ text: Span<UInt8>) -> Range<Int>? {
    var start = 0
    for index in 0..<text.count {
      switch text[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9") where index > start: continue
      case UInt8(ascii: "."): start = index + 1
      case UInt8(ascii: "(") where index > start: return start..<index
      default: return nil
      }
    }
    return nil
  }

  /// Billiard's `ExceptionWithTraceback`, which stands for another class.
  private static func isWrapper(_ name: Span<UInt8>) -> Bool {
    name.count == 22 && name[0] == UInt8(ascii: "E") && name[9] == UInt8(ascii: "W")
  }
}

extension NameTable {
  /// The host of `gen<pid>@<host>` or of a node name: publishers come and go, hosts stay.
  mutating func internHost(_ hostname: EventText, in body: Span<UInt8>) -> Index {
    hostname.withBytes(in: body, limit: 256) { text in
      var start = text.count
      while start > 0, text[start - 1] != UInt8(ascii: "@") { start -= 1 }
      return intern(text.extracting(start..<text.count))
    } ?? Self.other
  }
}
