import FoundationEssentials
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct ServerTrackTests {
  /// One look: what the queue `celery` holds, and the server's own facts.
  private struct Look {
    var at: Double
    var ready = 12
    var unacked: Int? = 3
    /// In a backend of any server.
    var results: Int? = 100
    var backend = "redis://localhost:6379/1"
    var facts: ServerFacts
  }

  private static func seen(_ looks: Look...) -> SnapshotHistory {
    looks.reduce(into: SnapshotHistory()) { history, look in
      let at = noon + Seconds(look.at)
      var seen = snapshot(
        at: at, server: .value(look.facts),
        queues: .value([queue(ready: look.ready, head: look.ready > 0 ? "t\(look.ready)" : nil)]),
        unacked: look.unacked.map { .value(UnackedFacts(count: $0)) }
          ?? .unavailable("NOPERM"),
        results: look.results.map {
          .value(ResultFacts(completedPasses: 1, updatedAt: at, count: $0))
        } ?? .unavailable("NOPERM"))
      seen.broker.backendURL = look.backend
      history.absorb(seen)
    }
  }

  private static func cause(_ history: SnapshotHistory) -> ServerTrack.Flush.Cause? {
    history.server.flush?.cause
  }

  // MARK: Flushes

  @Test func aFlushThatTookOurKeysIsALoss() {
    let seen = Self.seen(
      Look(at: 0, facts: server(flushes: 2)),
      Look(at: 5, ready: 0, unacked: 0, facts: server(flushes: 3, keys: 0)))
    #expect(
      seen.server.flush
        == ServerTrack.Flush(
          at: noon + Seconds(5), cause: .command,
          before: ServerTrack.Holdings(ready: 12, unacked: 3, results: 100, keys: 500, lists: 1)))
  }

  @Test func aFlushIsSeenAlsoWhenNewKeysHaveComeSince() {
    let seen = Self.seen(
      Look(at: 0, facts: server(keys: 9)),
      Look(at: 1, ready: 2, unacked: 1, facts: server(flushes: 1, keys: 4)))
    #expect(Self.cause(seen) == .command)
  }

  @Test func theFlushOfAnotherDatabaseIsNoneOfOurs() {
    // Meanwhile the queue was drained: its list and the keys of the unacknowledged are gone.
    let seen = Self.seen(
      Look(at: 0, facts: server(keys: 9)),
      Look(at: 5, ready: 0, unacked: 0, facts: server(flushes: 1, keys: 5)))
    #expect(Self.cause(seen) == nil)
  }

  @Test func aFlushOfEverythingNeedsNoOtherProof() {
    let busy = Self.seen(
      Look(at: 0, facts: server(flushes: 0, fullFlushes: 0)),
      Look(at: 300, facts: server(flushes: 1, fullFlushes: 1, keys: 480)))
    #expect(Self.cause(busy) == .command)
    let empty = Self.seen(
      Look(at: 0, ready: 0, unacked: 0, results: 0, facts: server(fullFlushes: 0, keys: 4)),
      Look(at: 5, ready: 0, unacked: 0, results: 0, facts: server(fullFlushes: 1, keys: 0)))
    #expect(Self.cause(empty) == nil)
  }

  @Test func countersThatWereResetOrNotReadAreNoFlush() {
    for after in [0, nil] as [Int?] {
      let seen = Self.seen(
        Look(at: 0, facts: server(flushes: 7)),
        Look(at: 5, ready: 0, facts: server(flushes: after, keys: 0)),
        Look(at: 10, ready: 0, facts: server(flushes: after, keys: 0)))
      #expect(Self.cause(seen) == nil)
    }
  }

  @Test func whatCameBeforeTheFirstLookIsNotKnown() {
    #expect(Self.cause(Self.seen(Look(at: 0, ready: 0, facts: server(flushes: 9)))) == nil)
  }

  // MARK: Restarts

  @Test func anotherProcessWithTheDataIsAFailover() {
    let seen = Self.seen(
      Look(at: 0, facts: server()),
      Look(at: 10, ready: 0, unacked: 0, results: nil, facts: server(run: "run-2", keys: 496)))
    #expect(Self.cause(seen) == nil)
    #expect(seen.server.runID == "run-2")
  }

  @Test(arguments: [0, 5]) func anotherProcessWithoutTheDataIsALoss(_ keys: Int) {
    // Results may live on another server, where none is lost.
    let seen = Self.seen(
      Look(at: 0, facts: server()),
      Look(
        at: 60, ready: 0, unacked: 0,
        facts: server(run: "run-2", uptime: 50, flushes: 0, keys: keys)
      ))
    #expect(Self.cause(seen) == .emptyRestart)
    #expect(seen.server.flush?.at == noon + Seconds(10))
  }

  @Test(arguments: [
    ("redis://localhost:6379/0", 100, true), ("redis://app@localhost:6379/3?timeout=5", 100, true),
    ("redis://localhost:6379/0", nil, false), ("redis://localhost:6380/0", 100, false),
    ("redis://results:6379/0", 100, false),
  ])
  func whatAnotherServerHoldsAnIdleBrokerCannotLose(
    _ backend: String, _ results: Int?, _ isLoss: Bool
  ) {
    func looks(ready: Int) -> SnapshotHistory {
      Self.seen(
        Look(
          at: 0, ready: ready, unacked: 0, results: results, backend: backend,
          facts: server(keys: 9)),
        Look(
          at: 5, ready: 0, unacked: 0, results: results, backend: backend,
          facts: server(run: "run-2", keys: 0)))
    }
    #expect((Self.cause(looks(ready: 0)) == .emptyRestart) == isLoss)
    #expect(Self.cause(looks(ready: 1)) == .emptyRestart)
  }

  @Test func aDrainedQueueOfASmallShopOutlivesAFailover() {
    let seen = Self.seen(
      Look(at: 0, results: 0, facts: server(keys: 9)),
      Look(at: 5, ready: 0, unacked: 0, results: 0, facts: server(run: "run-2", keys: 5)))
    #expect(Self.cause(seen) == nil)
  }

  @Test func whereKeysAreNotCountedMessagesDecide() {
    func after(_ ready: Int, _ unacked: Int?) -> SnapshotHistory {
      Self.seen(
        Look(at: 0, facts: server(keys: nil)),
        Look(at: 5, ready: ready, unacked: unacked, facts: server(run: "run-2", keys: nil)))
    }
    #expect(Self.cause(after(0, 0)) == .emptyRestart)
    #expect(Self.cause(after(1, 0)) == nil)
    #expect(Self.cause(after(0, nil)) == nil)
  }

  @Test func aServerThatStillLoadsHasLostNothingYet() {
    let seen = Self.seen(
      Look(at: 0, facts: server()),
      Look(at: 5, ready: 0, unacked: 0, facts: server(run: "run-2", isLoading: true, keys: 0)),
      Look(at: 9, facts: server(run: "run-2")))
    #expect(Self.cause(seen) == nil)
  }

  @Test(arguments: [(3600.0, true), (3601.0, false)])
  func whatWasSeenLongAgoProvesNothing(_ later: Double, _ isLoss: Bool) {
    let seen = Self.seen(
      Look(at: 0, facts: server()),
      Look(at: later, ready: 0, unacked: 0, facts: server(run: "run-2", uptime: 9, keys: 0)))
    #expect((Self.cause(seen) == .emptyRestart) == isLoss)
  }

  @Test func neitherAFlushNorARestartProvesAConsumer() {
    for after in [server(flushes: 1, keys: 0), server(run: "run-2", keys: 0)] {
      let seen = Self.seen(
        Look(at: 0, facts: server()), Look(at: 5, ready: 0, unacked: 0, facts: after))
      #expect(seen.queues["celery"]?.lastMoved == nil)
      #expect(seen.queues["celery"]?.ready.count == 1)
    }
    let drained = Self.seen(
      Look(at: 0, facts: server()), Look(at: 5, ready: 0, unacked: 0, facts: server(keys: 496)))
    #expect(drained.queues["celery"]?.lastMoved == noon + Seconds(5))
  }

  // MARK: Evictions

  private static func evictions(_ counts: [(Double, Int)]) -> Int? {
    counts.reduce(into: SnapshotHistory()) { history, count in
      let run = count.1 < 0 ? "run-2" : "run-1"
      history.absorb(
        snapshot(
          at: noon + Seconds(count.0), server: .value(server(run: run, evicted: abs(count.1)))))
    }.server.recentEvictions
  }

  @Test func evictionsAreCountedOverTenMinutes() {
    #expect(Self.evictions([(0, 5)]) == nil)
    #expect(Self.evictions([(0, 5), (10, 5)]) == 0)
    #expect(Self.evictions([(0, 5), (300, 9), (601, 10)]) == 1)
    let steady = Self.evictions((0...1200).map { (Double($0), $0) }) ?? 0
    #expect((580...600).contains(steady), "\(steady)")
  }

  @Test func aCounterThatFellBeganAnewAndAnotherServerHasItsOwn() {
    #expect(Self.evictions([(0, 100), (20, 104), (40, 3)]) == 7)
    #expect(Self.evictions([(0, 100), (20, 104), (40, -900)]) == nil)
  }

  // MARK: Counters

  @Test func growthIsCountedFromTheLastSampleBeforeItsStart() {
    let samples = [(0.0, 10), (20.0, 15), (40.0, 2), (60.0, 9)].map {
      CounterSample(at: noon + Seconds($0.0), count: $0.1)
    }
    #expect(samples.growth(since: noon + Seconds(25)) == 9)
    #expect(samples.growth(since: ago(100)) == 14)
    #expect(samples.growth(since: noon + Seconds(60)) == 0)
    #expect([CounterSample]().growth(since: noon) == 0)
  }

  @Test func countsBeyondAllNumbersDoNotTrap() {
    let samples = [0, Int.max, 5, Int.max, -3].enumerated().map {
      CounterSample(at: noon + Seconds(Double($0.offset)), count: $0.element)
    }
    #expect(samples.growth(since: noon) == .max)
  }

  @Test func aWorkersSamplesAreBoundedAndItsCountIsKnownOnlyFromWhereItWasSeen() {
    let seen = (0...4000).reduce(into: SnapshotHistory()) { history, second in
      let at = noon + Seconds(Double(second))
      history.absorb(
        snapshot(
          at: at, observed: Double(second), workers: .value([worker(processed: second, now: at)])))
    }
    let track = seen.workers[WorkerID(name: "celery@w1", pid: 100)]
    #expect((50...64).contains(track?.processedSamples.count ?? 0))
    #expect(track?.taken(since: noon + Seconds(3000)).map { $0 >= 1000 && $0 < 1030 } == true)
    #expect(track?.taken(since: noon) == nil)
  }

  @Test func theStateKeepsWhatTheServerHeld() throws {
    let first = Self.seen(
      Look(at: 0, facts: server(flushes: 1)),
      Look(at: 5, ready: 0, facts: server(evicted: 4, flushes: 2, keys: 0)))
    let second = try JSONDecoder().decode(
      SnapshotHistory.self, from: try JSONEncoder().encode(first))
    #expect(second.server == first.server)
    #expect(Self.cause(second) == .command)
  }
}
