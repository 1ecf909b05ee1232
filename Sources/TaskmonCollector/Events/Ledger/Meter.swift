import TaskmonModel
import TaskmonUnits

/// How often each outcome came: in all, within the last minute and the last ten.
///
/// Fixed in size. Time is counted in ticks of ten seconds, which only go forward: what comes with
/// an earlier one counts as now.
struct Meter: Sendable {
  /// One of each outcome.
  private typealias Row = InlineArray<12, UInt32>

  static let ticksPerMinute: Int64 = 6
  /// One more than a minute has, and than ten: the present one is only partly over.
  private static let keptTicks: Int64 = 7
  static let keptMinutes: Int64 = 11

  private(set) var total: InlineArray<12, UInt64> = .init(repeating: 0)
  /// Each at its number modulo how many are kept.
  private var ticks: InlineArray<7, Row> = .init(repeating: .init(repeating: 0))
  private var minutes: InlineArray<11, Row> = .init(repeating: .init(repeating: 0))
  private var tick: Int64 = 0

  /// Never negative, and within what can be counted with.
  static func tick(_ moment: Timestamp) -> Int64 {
    Int64(min(max(0, moment.secondsSince1970 / 10), 1e12))
  }

  @inline(__always)
  mutating func count(_ outcome: TaskOutcome, at now: Int64) {
    if now > tick { advance(to: now) }
    total[outcome.rawValue] &+= 1
    ticks[Int(tick % Self.keptTicks)][outcome.rawValue] &+= 1
    minutes[Int(tick / Self.ticksPerMinute % Self.keptMinutes)][outcome.rawValue] &+= 1
  }

  private mutating func advance(to now: Int64) {
    for step in 1...min(Self.keptTicks, now - tick) {
      ticks[Int((tick + step) % Self.keptTicks)] = .init(repeating: 0)
    }
    let (minute, new) = (tick / Self.ticksPerMinute, now / Self.ticksPerMinute)
    if new > minute {
      for step in 1...min(Self.keptMinutes, new - minute) {
        minutes[Int((minute + step) % Self.keptMinutes)] = .init(repeating: 0)
      }
    }
    tick = now
  }

  /// The wall clock was set: earlier ticks cannot be compared with those that come.
  mutating func forgetRecent() {
    ticks = .init(repeating: .init(repeating: 0))
    minutes = .init(repeating: .init(repeating: 0))
    tick = 0
  }

  // MARK: Reading

  var totals: TaskCounts { TaskCounts { Int(clamping: total[$0.rawValue]) } }

  /// Of this tick and the six before it.
  func lastMinute(at now: Int64) -> TaskCounts {
    let live = max(0, now - Self.keptTicks + 1)...max(now, 0)
    return TaskCounts { outcome in
      live.reduce(0) { sum, tick in
        tick > self.tick ? sum : sum + Int(ticks[Int(tick % Self.keptTicks)][outcome.rawValue])
      }
    }
  }

  /// Of this minute and the ten before it.
  func lastTen(at now: Int64) -> TaskCounts {
    let live = Self.lastMinutes(at: now)
    return TaskCounts { outcome in live.reduce(0) { $0 + count(outcome, inMinute: $1) } }
  }

  /// Runs ended in this minute and each of the nine before it, oldest first.
  func completedByMinute(at now: Int64) -> [Int] {
    Self.lastMinutes(at: now).dropFirst().map {
      count(.succeeded, inMinute: $0) + count(.failed, inMinute: $0)
    }
  }

  /// When the ten minutes began that are whole, and the minute.
  static func starts(at now: Int64) -> (ten: Timestamp, minute: Timestamp) {
    let first = max(0, now / ticksPerMinute - keptMinutes + 1)
    return (
      Timestamp(secondsSince1970: Double(first) * 60),
      Timestamp(secondsSince1970: Double(max(0, now - keptTicks + 1)) * 10)
    )
  }

  static func lastMinutes(at now: Int64) -> ClosedRange<Int64> {
    let minute = max(0, now) / ticksPerMinute
    return (minute - keptMinutes + 1)...minute
  }

  private func count(_ outcome: TaskOutcome, inMinute minute: Int64) -> Int {
    guard minute >= 0, minute <= tick / Self.ticksPerMinute else { return 0 }
    return Int(minutes[Int(minute % Self.keptMinutes)][outcome.rawValue])
  }
}

/// A meter for each of many names; those there is no room for share the first.
struct MeterTable: Sendable {
  private(set) var meters: [(owner: NameTable.Index, meter: Meter)] = [(NameTable.other, Meter())]
  private var places: [UInt16] = []
  private let limit: Int

  /// `limit` names besides `other`, at most 65,000.
  init(limit: Int) { self.limit = min(max(1, limit), 65_000) + 1 }

  @inline(__always)
  mutating func count(_ outcome: TaskOutcome, of name: NameTable.Index, at now: Int64) {
    var place = Int(name) < places.count ? Int(places[Int(name)]) : 0
    if place == 0, name != NameTable.other { place = makePlace(for: name) }
    meters[place].meter.count(outcome, at: now)
  }

  private mutating func makePlace(for name: NameTable.Index) -> Int {
    guard meters.count < limit else { return 0 }
    while places.count <= Int(name) { places.append(0) }
    meters.append((name, Meter()))
    places[Int(name)] = UInt16(meters.count - 1)
    return meters.count - 1
  }

  mutating func forgetRecent() {
    for place in meters.indices { meters[place].meter.forgetRecent() }
  }
}

/// How late events came: the largest delay within the last minute.
struct LagMeter: Sendable {
  private static let keptTicks: Int64 = 7

  /// Of the last event.
  private(set) var latest: Seconds?
  private var ticks: [Seconds?] = Array(repeating: nil, count: 7)
  private var tick: Int64 = 0

  /// `now` is a meter's tick.
  @inline(__always)
  mutating func note(_ lag: Seconds, at now: Int64) {
    if now > tick { advance(to: now) }
    latest = lag
    let place = Int(tick % Self.keptTicks)
    if let known = ticks[place], known >= lag { return }
    ticks[place] = lag
  }

  private mutating func advance(to now: Int64) {
    for step in 1...min(Self.keptTicks, now - tick) {
      ticks[Int((tick + step) % Self.keptTicks)] = nil
    }
    tick = now
  }

  /// That of the last event where none came within the minute; nil before the first.
  func largest(at now: Int64) -> Seconds? {
    let live = max(0, now - Self.keptTicks + 1)...max(now, 0)
    return live.compactMap { $0 > tick ? nil : ticks[Int($0 % Self.keptTicks)] }.max() ?? latest
  }

  /// The wall clock was set.
  mutating func forget() { self = LagMeter() }
}

extension TaskCounts {
  init(_ count: (TaskOutcome) -> Int) {
    self.init(
      sent: count(.sent), received: count(.received), started: count(.started),
      succeeded: count(.succeeded), failed: count(.failed), retried: count(.retried),
      rejected: count(.rejected), revoked: count(.revoked), expired: count(.expired),
      workerLost: count(.workerLost), duplicates: count(.duplicate),
      redelivered: count(.redelivered))
  }
}
