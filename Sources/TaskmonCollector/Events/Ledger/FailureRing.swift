import CeleryProtocol
import TaskmonUnits

/// The latest failures, the oldest making room; texts stay as they came until somebody looks.
struct FailureRing: Sendable {
  /// A longer text is cut when it comes in.
  private static let keptRaw = 8192

  struct Entry: Sendable {
    var key: TaskKey
    var at: Timestamp
    var name: NameTable.Index
    var queue: NameTable.Index
    var worker: WorkerBook.Key
    var failure: NameTable.Index
    var isRetry: Bool
    /// Nil where its receipt was not heard.
    var retries: UInt8?
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

    /// Its beginning.
    func resolved(atMost limit: Int) -> String {
      let text = resolved
      return text.utf8.count <= limit
        ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self)
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

  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    for place in entries.indices { entries[place].worker.node = new(entries[place].worker.node) }
  }
}
