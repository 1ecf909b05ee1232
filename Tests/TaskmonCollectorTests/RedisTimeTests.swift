import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedisTimeTests {
  /// Milliseconds of Redis' time, calls of everybody and calls of ours, by second.
  private static func told(
    _ looks: [(second: Double, served: [String: (calls: Int, ms: Double)], own: [String: Int])]
  ) -> RedisTime {
    looks.reduce(into: RedisTime()) { time, look in
      time.absorb(
        served: look.served.mapValues {
          ServedCommand(calls: $0.calls, time: .milliseconds($0.ms))
        }, own: look.own, at: Seconds(look.second))
    }
  }

  @Test func `ours is Redis' time by our part of the calls`() throws {
    let time = Self.told([
      (0, ["SCAN": (100, 50), "LLEN": (10, 1), "GET": (9, 9)], ["SCAN": 5, "LLEN": 10]),
      (20, ["SCAN": (300, 450), "LLEN": (30, 101), "GET": (99, 999)], ["SCAN": 105, "LLEN": 30]),
    ])
    // Half of the 400 ms of SCAN, all of the 100 ms of LLEN.
    #expect(time.total.map { ($0.value * 1000).rounded() } == 300)
    let shares = try #require(time.shares)
    #expect((shares.all * 1000).rounded() == 15)
    #expect((shares.scans * 1000).rounded() == 10)
  }

  @Test func `more calls of ours than Redis has counted yet are all of them`() {
    let time = Self.told([
      (0, ["SCAN": (0, 0)], [:]), (10, ["SCAN": (5, 20)], ["SCAN": 9]),
    ])
    #expect(time.total == .milliseconds(20))
  }

  @Test func `before ten seconds there is no share, and counters that fall count nothing`() {
    #expect(Self.told([(0, [:], [:])]).total == nil)
    let time = Self.told([
      (0, ["SCAN": (50, 500)], ["SCAN": 50]), (9, ["SCAN": (3, 1)], ["SCAN": 60]),
    ])
    #expect(time.total == .zero)
    #expect(time.shares == nil)
  }

  @Test func `a share is of the last minute, in bounded memory`() throws {
    var time = RedisTime()
    for second in 0...4000 {
      // Busy in the first half hour only.
      let calls = min(second, 1800)
      time.absorb(
        served: ["SCAN": ServedCommand(calls: calls, time: .milliseconds(Double(calls)))],
        own: ["SCAN": calls], at: Seconds(Double(second)))
      if second == 1800 { #expect(try #require(time.shares).scans > 0.0009) }
    }
    #expect(try #require(time.shares).scans == 0)
    #expect(time.total.map { $0.value.rounded() } == 2)
  }
}

@Suite struct ScanBrakeTests {
  @Test func `scans slow down while they take too much, and recover`() {
    let brake = ScanBrake()
    var factors: [Double] = []
    let measured = [0.04, 0.08, 0.08, 0.04, 0.01, 0.01, 0.01]
    for (turn, share) in measured.enumerated() {
      brake.hold(share, below: 0.05, at: Seconds(Double(turn) * 20))
      factors.append(brake.factor)
    }
    #expect(factors == [1, 2, 4, 4, 2, 1, 1])
  }

  @Test func `a change is given time to show, and has its limit`() {
    let brake = ScanBrake()
    brake.hold(0.5, below: 0.05, at: Seconds(0))
    brake.hold(0.5, below: 0.05, at: Seconds(14))
    #expect(brake.factor == 2)
    for turn in 1...20 { brake.hold(0.5, below: 0.05, at: Seconds(Double(turn) * 15)) }
    #expect(brake.factor == 64)
  }
}
