import CeleryProtocol
import TaskmonUnits

/// The latest failures and, apart from them, the latest retries; no task pushes out all others.
///
/// Retries are many where a failure is final once: in one ring they would hide what they end in.
/// Texts stay as they came until somebody looks.
struct FailureRing: Sendable {
  /// A longer text is cut when it comes in.
  private static let keptRaw = 8192

  struct Entry: Sendable {
    /// How many came before it.
    fileprivate(set) var number: UInt64 = 0
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

  private var final: FairRing<Entry>
  private var retried: FairRing<Entry>
  private var added: UInt64 = 0

  init(budget: CollectionBudget) {
    final = FairRing(limit: budget.recentFailures, ofEach: budget.recentFailuresPerTask)
    retried = FairRing(limit: budget.recentRetries, ofEach: budget.recentRetriesPerTask)
  }

  mutating func add(_ entry: Entry) {
    var entry = entry
    entry.number = added
    added &+= 1
    if entry.isRetry {
      retried.add(entry, of: entry.name)
    } else {
      final.add(entry, of: entry.name)
    }
  }

  /// Both, the newest first.
  var newestFirst: [Entry] {
    (final.newestFirst + retried.newestFirst).sorted { $0.number > $1.number }
  }

  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    final.changeAll { $0.worker.node = new($0.worker.node) }
    retried.changeAll { $0.worker.node = new($0.worker.node) }
  }
}
