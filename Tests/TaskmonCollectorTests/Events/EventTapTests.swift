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
