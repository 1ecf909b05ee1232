import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct HearingTests {
  private static func interval(_ from: Double, _ to: Double) -> Interval {
    Interval(from: at(from), to: at(to))
  }

  @Test func `what was proved is heard, and what lies between two connections is not`() {
    var hearing = Hearing(limit: 8)
    hearing.alive(at: at(0))
    hearing.connected(at: at(1))
    hearing.alive(at: at(5))
    hearing.lost(at: at(9))
    hearing.alive(at: at(10))
    hearing.connected(at: at(12))
    hearing.alive(at: at(15))
    #expect(hearing.intervals == [Self.interval(1, 5), Self.interval(12, 15)])
    #expect(hearing.gaps == 1)
    #expect(hearing.lastGap == at(9))
    #expect(hearing.connectedSince == at(12))
  }

  @Test func `attempts that fail are one gap`() {
    var hearing = Hearing(limit: 8)
    hearing.lost(at: at(0))
    hearing.connected(at: at(1))
    for second in 2...5 { hearing.lost(at: at(Double(second))) }
    #expect(hearing.gaps == 1)
    #expect(hearing.lastGap == at(2))
  }

  @Test func `only the latest intervals are kept, and empty ones push out none`() {
    var hearing = Hearing(limit: 2)
    for begin in [0.0, 10, 20] {
      hearing.connected(at: at(begin))
      hearing.alive(at: at(begin + 5))
      hearing.lost(at: at(begin + 6))
    }
    for begin in [30.0, 31, 32] {
      hearing.connected(at: at(begin))
      hearing.lost(at: at(begin))
    }
    hearing.connected(at: at(40))
    hearing.alive(at: at(41))
    #expect(hearing.intervals == [Self.interval(20, 25), Self.interval(40, 41)])
  }

  @Test func `all was heard since a moment only within the present connection`() {
    var hearing = Hearing(limit: 8)
    #expect(!hearing.hasHeardAll(since: at(0)))
    hearing.connected(at: at(1))
    hearing.alive(at: at(9))
    #expect(hearing.hasHeardAll(since: at(1)))
    #expect(!hearing.hasHeardAll(since: at(0.5)))
    hearing.lost(at: at(10))
    #expect(!hearing.hasHeardAll(since: at(5)))
    hearing.connected(at: at(11))
    #expect(!hearing.hasHeardAll(since: at(5)))
    #expect(hearing.hasHeardAll(since: at(12)))
  }

  @Test func `what is received late proves nothing until all of it was read`() {
    var hearing = Hearing(limit: 8)
    hearing.stalled(since: at(0), at: at(1))
    #expect(hearing.gaps == 0, "nobody listened")
    hearing.connected(at: at(1))
    hearing.alive(at: at(10))
    hearing.stalled(since: at(11), at: at(30))
    hearing.stalled(since: at(30), at: at(36))
    hearing.alive(at: at(36))
    #expect(hearing.intervals == [Self.interval(1, 10)])
    #expect(hearing.behindSince == at(11) && hearing.gaps == 1 && hearing.lastGap == at(30))
    hearing.proven(at: at(37))
    #expect(hearing.intervals == [Self.interval(1, 37)], "nothing was missed")
    #expect(hearing.behindSince == nil && hearing.gaps == 1)
  }

  @Test func `a connection that is lost behind a standstill was not heard meanwhile`() {
    var hearing = Hearing(limit: 8)
    hearing.connected(at: at(1))
    hearing.alive(at: at(10))
    hearing.stalled(since: at(11), at: at(30))
    hearing.alive(at: at(30))
    hearing.lost(at: at(31))
    hearing.connected(at: at(32))
    hearing.alive(at: at(40))
    #expect(hearing.intervals == [Self.interval(1, 10), Self.interval(32, 40)])
    #expect(hearing.gaps == 1, "it is one gap")
    #expect(hearing.behindSince == nil && hearing.lastGap == at(31))
  }

  @Test func `a clock that was set begins anew without a gap`() {
    var hearing = Hearing(limit: 8)
    hearing.connected(at: at(100))
    hearing.alive(at: at(200))
    hearing.clockJumped(to: at(50))
    hearing.alive(at: at(60))
    #expect(hearing.intervals == [Self.interval(50, 60)])
    #expect(hearing.gaps == 0)
  }
}
