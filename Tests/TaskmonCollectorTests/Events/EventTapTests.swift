import CeleryProtocol
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct EventTapTests {
  /// Two clocks that a test moves on their own.
  private final class Clocks: Sendable {
    private let state = Mutex((now: 0.0, uptime: 0.0))

    func advance(_ seconds: Double) {
      state.withLock { $0 = ($0.now + seconds, $0.uptime + seconds) }
    }
    func set(by seconds: Double) { state.withLock { $0.now += seconds } }
    var now: Timestamp { state.withLock { at($0.now) } }
    var source: TimeSource {
      TimeSource(
        now: { self.now }, uptime: { Seconds(self.state.withLock { $0.uptime }) },
        sleep: { _ in })
    }
  }

  private static func messages(_ count: Int) throws -> [[UInt8]] {
    try Capture.published("events.jsonl").prefix(count).map { Array($0.data.utf8) }
  }

  @Test func `events are taken in and garbage beside them is counted`() throws {
    let clocks = Clocks()
    let tap = EventTap(budget: CollectionBudget(), time: clocks.source)
    let garbage: [UInt8] = [2, 3]
    tap.take(.subscribed(at: clocks.now))
    clocks.advance(1)
    tap.take([garbage] + (try Self.messages(5)) + [garbage], at: clocks.now)
    let state = tap.excerpt(of: [])
    #expect(state.undecodable == 2)
    #expect(state.events.received == 5)
    #expect(state.hearing.intervals == [Interval(from: at(0), to: at(1))])
  }

  @Test func `a gap is between the loss and the next subscription`() {
    let clocks = Clocks()
    let tap = EventTap(budget: CollectionBudget(), time: clocks.source)
    tap.take(.subscribed(at: clocks.now))
    clocks.advance(4)
    tap.take(.alive(at: clocks.now))
    tap.take(.lost(RedisError(kind: .closed, target: "r", detail: "closed"), at: clocks.now))
    clocks.advance(3)
    tap.take(.subscribed(at: clocks.now))
    let hearing = tap.excerpt(of: []).hearing
    #expect(hearing.gaps == 1)
    #expect(
      hearing.intervals == [Interval(from: at(0), to: at(4)), Interval(from: at(7), to: at(7))])
  }

  @Test(arguments: [28_800.0, -3600])
  func `a wall clock that is set makes nobody look silent`(_ jump: Double) throws {
    let clocks = Clocks()
    let tap = EventTap(budget: CollectionBudget(), time: clocks.source)
    tap.take(.subscribed(at: clocks.now))
    clocks.advance(10)
    tap.take(try Self.messages(1), at: clocks.now)
    clocks.advance(1)
    clocks.set(by: jump)
    let state = tap.excerpt(of: [])
    let worker = try #require(state.events.workers.values.first)
    #expect(clocks.now - worker.lastHeard == Seconds(1))
    #expect(state.hearing.intervals == [Interval(from: clocks.now, to: clocks.now)])
    #expect(state.hearing.gaps == 0)
    clocks.advance(2)
    tap.take(.alive(at: clocks.now))
    #expect(tap.excerpt(of: []).hearing.intervals.map(\.length) == [Seconds(2)])
  }

  // MARK: Standing still

  /// Listening for ten seconds, then standing still for `length`.
  private static func stopped(for length: Double, _ clocks: Clocks) -> EventTap {
    let tap = EventTap(budget: CollectionBudget(), time: clocks.source)
    tap.take(.subscribed(at: clocks.now))
    for _ in 0..<10 {
      tap.beat()
      clocks.advance(1)
    }
    tap.take(.alive(at: clocks.now))
    clocks.advance(length)
    return tap
  }

  @Test func `who stood still is behind until what came meanwhile was read`() {
    let clocks = Clocks()
    let tap = Self.stopped(for: 20, clocks)
    #expect(tap.isBehind(since: Seconds(30)))
    let behind = tap.excerpt(of: []).hearing
    #expect(behind.intervals == [Interval(from: at(0), to: at(10))])
    #expect(behind.gaps == 1)
    tap.take(.alive(at: clocks.now))
    #expect(tap.isBehind(since: Seconds(30)), "what was asked before is still old")
    #expect(!tap.isBehind(since: Seconds(30.1)))
    let hearing = tap.excerpt(of: []).hearing
    #expect(hearing.intervals == [Interval(from: at(0), to: at(30))])
    #expect(hearing.gaps == 1)
  }

  @Test func `a beat that is a little late is none of it`() {
    let clocks = Clocks()
    let tap = Self.stopped(for: 3, clocks)
    #expect(!tap.isBehind(since: .zero))
    #expect(tap.excerpt(of: []).hearing.gaps == 0)
  }

  @Test func `events that come late are counted when they happened, and their lag is told`() throws
  {
    let clocks = Clocks()
    let tap = Self.stopped(for: 50, clocks)
    let worker = Speaker()
    var events: [CeleryEvent] = []
    for second in 11...60 {
      let moment = Double(second)
      events += [
        worker.heartbeat(moment), worker.received("t\(second)", moment),
        worker.started("t\(second)", moment), worker.succeeded("t\(second)", moment),
      ]
    }
    tap.take(events.map(\.payload), at: clocks.now)
    tap.take(.alive(at: clocks.now))
    let told = tap.excerpt(of: [])
    #expect(told.events.lag == Seconds(49))
    let record = try #require(told.events.workers[worker.id])
    #expect(record.lastHeard == at(60))
    #expect(record.facts(holding: WorkerHolding()).heartbeatDelays == [], "no clock is off")
    let tasks = try #require(told.tasks)
    #expect(tasks.minute.rate(of: tasks[task: "a.b"]?.minute.succeeded ?? 0) == 50.0 / 60)
    clocks.advance(41)
    tap.take([worker.heartbeat(101).payload], at: clocks.now)
    let later = try #require(tap.excerpt(of: []).tasks?[task: "a.b"])
    #expect(later.minute.succeeded == 21, "those of 40 to 60")
    #expect(tap.excerpt(of: []).events.workers[worker.id]?.heartbeats == 51)
  }

  @Test func `a clock that drifts a little is left alone`() throws {
    let clocks = Clocks()
    let tap = EventTap(budget: CollectionBudget(), time: clocks.source)
    tap.take(.subscribed(at: clocks.now))
    for _ in 0..<100 {
      clocks.advance(1)
      clocks.set(by: 0.5)
      tap.take(.alive(at: clocks.now))
    }
    #expect(tap.excerpt(of: []).hearing.intervals == [Interval(from: at(0), to: at(150))])
  }
}

extension EventTap {
  /// Payloads that came together, one behind the other with other bytes between them.
  fileprivate func take(_ payloads: [[UInt8]], at moment: Timestamp) {
    var bytes: [UInt8] = Array("*4".utf8)
    var places: [MessagePlace] = []
    for payload in payloads {
      places.append(
        MessagePlace(channel: 0..<2, payload: bytes.count..<(bytes.count + payload.count)))
      bytes += payload + Array("\r\n".utf8)
    }
    take(bytes.span, places, at: moment)
  }
}
