import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BrokerFlushedTests {
  /// A look at a Redis that holds `ready` messages in one list.
  private static func look(
    _ at: Double, ready: Int, results: Int? = 200, _ facts: ServerFacts
  ) -> Snapshot {
    snapshot(
      at: ago(at), server: .value(facts),
      queues: .value([queue(ready: ready, head: ready > 0 ? "t" : nil)]),
      unacked: .value(UnackedFacts(count: 4)),
      results: results.map {
        .value(ResultFacts(completedPasses: 1, updatedAt: ago(at), count: $0))
      } ?? .unavailable("not scanned yet"))
  }

  private static func flushed(_ ago: Double) -> SnapshotHistory {
    history(
      of: look(ago + 1, ready: 1412, server(flushes: 0)),
      look(ago, ready: 0, server(flushes: 1, keys: 0)),
      look(0, ready: 0, server(flushes: 1, keys: 30)))
  }

  @Test(arguments: [(1.0, ["critical broker"]), (3599.0, ["critical broker"]), (3600.0, [])])
  func aFlushIsToldForAnHour(_ ago: Double, _ wanted: [String]) throws {
    let said = try verdict(BrokerFlushed.self, Self.flushed(ago))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingsTellWhatIsLost() throws {
    let finding = try verdict(BrokerFlushed.self, Self.flushed(60)).first
    #expect(
      finding?.message
        == "FLUSHALL or FLUSHDB emptied Redis 1m ago; it had held 1,412 waiting,"
        + " 4 unacknowledged, 200 results")
    #expect(finding?.since == ago(60))
    #expect(finding?.evidence("cause") == .text("command"))
    #expect(finding?.evidence("keysBefore") == .number(500))
    #expect(finding?.evidence("keysNow") == .number(30))
  }

  @Test func aServerThatCameBackEmptyIsToldToo() throws {
    let seen = history(
      of: Self.look(60, ready: 12, server()),
      Self.look(0, ready: 0, server(run: "run-2", uptime: 20, keys: 6)))
    let finding = try verdict(BrokerFlushed.self, seen).first
    #expect(
      finding?.message.hasPrefix("Redis came back empty 20s ago; it had held 12 waiting") == true)
    #expect(finding?.severity == .critical)
    #expect(finding?.evidence("runID") == .text("run-2"))
  }

  @Test func aFailoverADrainedQueueAndAForeignFlushAreHealthy() throws {
    let failover = history(
      of: Self.look(5, ready: 12, server()), Self.look(0, ready: 9, server(run: "run-2")))
    #expect(try verdict(BrokerFlushed.self, failover) == .healthy)
    let drained = history(
      of: Self.look(5, ready: 900, server(keys: 12)), Self.look(0, ready: 0, server(keys: 11)))
    #expect(try verdict(BrokerFlushed.self, drained) == .healthy)
    let foreign = history(
      of: Self.look(5, ready: 12, server(flushes: 3)), Self.look(0, ready: 12, server(flushes: 4)))
    #expect(try verdict(BrokerFlushed.self, foreign) == .healthy)
  }

  @Test func withoutCommandStatisticsAFlushIsUnknown() throws {
    let blind = history(of: Self.look(0, ready: 1, server(flushes: nil)))
    #expect(
      try verdict(BrokerFlushed.self, blind)
        == .unknown("how often Redis was flushed was not read (INFO commandstats)"))
    #expect(try verdict(BrokerFlushed.self, history(of: snapshot())) == .unknown("not read yet"))
  }
}
