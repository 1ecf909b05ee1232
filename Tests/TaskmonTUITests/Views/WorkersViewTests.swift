import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Workers view")
struct WorkersViewTests {
  static func fleet(_ workers: [WorkerFacts]) -> Fleet? {
    SampleData.context().map { Fleet(workers, $0) }
  }

  @Test("Busy and slots are sums over the workers that are up, and say what is missing")
  func sums() {
    let told = SampleData.worker(1, heard: SampleData.now, queues: .value([]), pool: .prefork)
    var silent = told
    silent.stats = .unavailable("not asked yet")
    silent.active = nil
    #expect(Self.fleet([told, told])?.load == "8/32")
    #expect(Self.fleet([told, silent])?.load == "4+/16+")
    #expect(Self.fleet([silent])?.load == "?/?")
    #expect(Self.fleet([])?.load == "0/0")
  }

  @Test("Workers that said goodbye are not missed")
  func goodbye() {
    let fleet = Self.fleet(SampleData.workers(at: SampleData.now))
    #expect(fleet?.up == 2)
    #expect(fleet?.known == 3)
  }

  @Test("Unknown facts are question marks, never zeros")
  func unknown() throws {
    let context = try #require(SampleData.context())
    var bare = context.snapshot
    bare.workers = .value([
      WorkerFacts(id: WorkerID(name: "celery@new"), firstHeard: SampleData.now)
    ])
    let data = ConsoleData(
      history: {
        var history = SnapshotHistory()
        history.absorb(bare)
        return history
      }(), report: SampleData.healthy, broker: SampleData.broker)
    let row = WorkersView.table(try #require(SampleData.context(data))).rows.first
    #expect(
      row?.cells.map(\.text) == [
        "celery@new", "?", "?", "-", "?", "?", "?", "?", "?", "?", "?", "?",
      ])
  }

  /// What its page says of the tasks a process of its pool runs before it ends.
  private static func perChild(_ told: Observation<Int?>) throws -> String? {
    var worker = SampleData.worker(1, heard: SampleData.now, queues: .value([]), pool: .prefork)
    worker.settings = .value(WorkerSettings(tasksPerChild: 100))
    worker.stats = worker.stats.flatMapped { stats in
      var stats = stats
      return told.map { limit in
        stats.tasksPerChild = limit
        return stats
      }
    }
    let context = try #require(
      SampleData.context(
        SampleData.data { moment in
          var snapshot = SampleData.snapshot(at: moment)
          snapshot.workers = .value([worker])
          return snapshot
        }))
    let row = try #require(WorkersView.table(context).rows.first)
    let lines = WorkersView.page(row.id, context)?.lines(width: 100).map(\.text) ?? []
    return lines.first { $0.contains("worker_max_tasks_per_child") }
  }

  @Test("Only what a pool has told is said to be of the pool")
  func tasksPerChild() throws {
    #expect(try Self.perChild(.value(50))?.hasSuffix("  50, of its pool") == true)
    #expect(try Self.perChild(.value(100))?.hasSuffix("  100") == true)
    #expect(try Self.perChild(.value(nil))?.hasSuffix("  100") == true)
    #expect(try Self.perChild(.unavailable("no answer"))?.hasSuffix("  100") == true)
  }
}
