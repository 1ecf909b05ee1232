import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ScanPaceTests {
  @Test func `a scan rests in proportion to what its step took`() async {
    let rests = Collected<Seconds>()
    let clock = ManualTime()
    let time = TimeSource(
      now: clock.source.now, uptime: clock.source.uptime, sleep: { rests.add($0) })
    let pace = ScanPace(time: time, share: 0.05)
    for length in [Seconds(0.001), Seconds(0.02), Seconds(3)] {
      let begun = pace.begin()
      clock.advance(by: length)
      #expect(await pace.rest(since: begun))
    }
    #expect(rests.all.map { ($0.value * 1000).rounded() } == [19, 380, 1000])
  }

  @Test func `braked it rests longer, and may rest longer than a second`() async {
    let rests = Collected<Seconds>()
    let clock = ManualTime()
    let time = TimeSource(
      now: clock.source.now, uptime: clock.source.uptime, sleep: { rests.add($0) })
    let brake = ScanBrake()
    brake.hold(0.2, below: 0.05, at: .zero)
    let pace = ScanPace(time: time, share: 0.05, brake: brake)
    for length in [Seconds(0.02), Seconds(3)] {
      let begun = pace.begin()
      clock.advance(by: length)
      #expect(await pace.rest(since: begun))
    }
    #expect(rests.all.map { ($0.value * 1000).rounded() } == [780, 2000])
  }

  @Test func `a cancelled scan does not go on`() async {
    let time = TimeSource(
      now: { at(0) }, uptime: { .zero }, sleep: { _ in throw CancellationError() })
    #expect(await ScanPace(time: time, share: 0.05).rest(since: .zero) == false)
  }
}
