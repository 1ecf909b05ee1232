/// How often one thing happened: in all, and within the last ten minutes and the present one.
///
/// Fixed in size; minutes are a meter's, and what comes with an earlier one counts as now.
struct WindowCount: Sendable {
  private(set) var total = 0
  private var minute: Int64 = 0
  /// The count of each minute at its number modulo eleven.
  private var minutes: InlineArray<11, UInt32> = .init(repeating: 0)

  /// `tick` is a meter's.
  mutating func add(at tick: Int64) {
    let now = tick / Meter.ticksPerMinute
    if now > minute {
      for step in 1...min(11, now - minute) { minutes[Int((minute + step) % 11)] = 0 }
      minute = now
    }
    total += 1
    minutes[Int(minute % 11)] &+= 1
  }

  func recent(_ live: ClosedRange<Int64>) -> Int {
    live.reduce(0) { sum, minute in
      minute < 0 || minute > self.minute ? sum : sum + Int(minutes[Int(minute % 11)])
    }
  }

  /// Only what was counted in all stays.
  mutating func forgetRecent() {
    minute = 0
    minutes = .init(repeating: 0)
  }
}
