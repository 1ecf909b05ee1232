import CeleryProtocol
import TaskmonUnits

/// A failed or retried attempt, as much of it as a drill-down shows.
struct FailureSighting: Sendable, Equatable {
  var id: String
  var at: Timestamp
  /// Nil where its name was never heard.
  var task: String?
  var node: String
  var isRetry: Bool
  var className: String?
  /// Python's repr, at most 1 KiB.
  var exception: String?
  /// The end of it, at most 4 KiB.
  var traceback: String?
}

/// The latest failures, the oldest making room; texts stay as they came until somebody looks.
struct FailureRing: Sendable {
  /// A longer text is cut when it comes in.
  private static let keptRaw = 8192

  struct Entry: Sendable {
    var key: TaskKey
    var at: Timestamp
    var name: NameTable.Index
    var node: NameTable.Index
    var failure: NameTable.Index
    var isRetry: Bool
    var exception: RawText?
    var traceback: RawText?
  }

  /// A JSON text's inside, escapes unresolved.
  struct RawText: Sendable {
    private let bytes: [UInt8]
    private let isEscaped: Bool

    /// Nil where the event has none.
    init?(_ text: EventText, in body: Span<UInt8>) {
      guard !text.isAbsent else { return nil }
      if text.count <= FailureRing.keptRaw {
        bytes = text.withRawBytes(in: body) { span in span.withUnsafeBufferPointer { Array($0) } }
        isEscaped = text.isEscaped
      } else {
        bytes = Array((text.tail(in: body, limit: 4096) ?? "").utf8)
        isEscaped = false
      }
    }

    var resolved: String {
      isEscaped
        ? EventText.resolve(bytes) : String(decoding: bytes, as: UTF8.self)
    }
  }

  private(set) var entries: [Entry] = []
  private var next = 0
  private let limit: Int

  init(limit: Int) { self.limit = max(1, limit) }

  mutating func add(_ entry: Entry) {
    if entries.count < limit {
      entries.append(entry)
    } else {
      entries[next] = entry
    }
    next = (next + 1) % limit
  }

  /// The newest first.
  var newestFirst: [Entry] {
    let pivot = entries.count < limit ? 0 : next
    return (entries[pivot...] + entries[..<pivot]).reversed()
  }
}
