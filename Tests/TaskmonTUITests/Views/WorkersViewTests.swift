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
}
