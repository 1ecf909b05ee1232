import TaskmonModel
import TaskmonUnits

/// The attempts that have ended last; fixed in size, no references.
struct RunRing: Sendable {
  struct Entry: Sendable {
    var key: TaskKey
    var name: NameTable.Index
    var queue: NameTable.Index
    var worker: WorkerBook.Key
    var outcome: RecentRun.Outcome
    /// Nil where its receipt was not heard.
    var retries: UInt8?
    /// Seconds since 1970 by the worker's clock; not a number where unheard.
    var startedAt: Double
    var endedAt: Double
    /// As the worker measured, in seconds; not a number where it told none.
    var runtime: Double
  }

  private var ring: FairRing<Entry>

  init(limit: Int, ofEach: Int) { ring = FairRing(limit: limit, ofEach: ofEach) }

  mutating func add(_ entry: Entry) { ring.add(entry, of: entry.name) }

  /// One that was told as rejected has failed: the failure says more.
  mutating func hasFailed(_ entry: Entry) {
    var isTold = false
    ring.changeLatest(of: entry.name) { latest in
      guard latest.key == entry.key, latest.outcome == .rejected else { return }
      latest = entry
      isTold = true
    }
    if !isTold { add(entry) }
  }

  var newestFirst: [Entry] { ring.newestFirst }

  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    ring.changeAll { $0.worker.node = new($0.worker.node) }
  }
}

extension RunRing.Entry {
  /// How long it took; nil where neither its worker said so nor its start was heard.
  var took: Seconds? {
    if !runtime.isNaN { return Seconds(runtime) }
    return startedAt.isNaN ? nil : Seconds(max(0, endedAt - startedAt))
  }
}
