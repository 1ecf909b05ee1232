import TaskmonModel
import TaskmonUnits

/// Finds two processes that both publish an entry at its pace.
struct BeatPublishers {
  /// What two publishers that take turns have shown.
  struct Turns: Equatable {
    /// In the order of their names.
    var publishers: [String]
    /// Periods in which both published.
    var periods: Double
    var since: Timestamp
  }

  let publications: [Publication]
  let now: Timestamp

  /// Publications of each publisher that show a pace.
  static let publicationsNeeded = 4
  /// Share of a publisher's messages that must keep the pace.
  static let punctuality = 0.8
  /// Times the publisher changes while both publish.
  static let changesNeeded = 4
  static let compared = 8

  /// The pair that shares the most periods, where both still publish; nil where there is none.
  func turns(_ clock: DueClock, periods needed: Double) -> Turns? {
    let own = Self.byPublisher(publications)
    let busiest = own.map { Publisher(name: $0.key, at: $0.value) }
      .sorted { ($1.at.count, $0.name) < ($0.at.count, $1.name) }.prefix(Self.compared)
    var best: Turns?
    for (index, one) in busiest.enumerated() {
      for other in busiest.dropFirst(index + 1) {
        guard let found = turns(one, other, clock, needed) else { continue }
        if found.periods > best?.periods ?? 0 { best = found }
      }
    }
    return best
  }

  private typealias Publisher = (name: String, at: [Timestamp])

  private func turns(
    _ one: Publisher, _ other: Publisher, _ clock: DueClock, _ needed: Double
  ) -> Turns? {
    guard let start = Self.later(one.at.first, other.at.first),
      let end = Self.earlier(one.at.last, other.at.last), end > start
    else { return nil }
    let overlap = Interval(from: start, to: end)
    guard let pace = Pace(clock, overlap), pace.periods >= needed,
      now - end <= pace.period * 3 + DueClock.promptness
    else { return nil }
    let near = Interval(from: start - pace.period, to: end + pace.period)
    let mine = one.at.filter(near.contains)
    let theirs = other.at.filter(near.contains)
    guard Self.keeps(pace, mine), Self.keeps(pace, theirs),
      Self.changes(mine, theirs) >= Self.changesNeeded
    else { return nil }
    return Turns(publishers: [one.name, other.name].sorted(), periods: pace.periods, since: start)
  }

  private static func keeps(_ pace: Pace, _ moments: [Timestamp]) -> Bool {
    guard moments.count >= publicationsNeeded else { return false }
    let (kept, asked) = pace.kept(by: moments)
    return Double(kept) >= punctuality * Double(asked)
  }

  private static func changes(_ one: [Timestamp], _ other: [Timestamp]) -> Int {
    let order = (one.map { ($0, 0) } + other.map { ($0, 1) }).sorted { $0 < $1 }
    return zip(order, order.dropFirst()).reduce(0) { $0 + ($1.0.1 == $1.1.1 ? 0 : 1) }
  }

  /// By process; by process and reply queue where a single process name published everything.
  private static func byPublisher(_ publications: [Publication]) -> [String: [Timestamp]] {
    let processes = Dictionary(grouping: publications) { $0.process }
    let groups =
      processes.count == 1
      ? Dictionary(grouping: publications.filter { $0.publisher != $0.process }, by: \.publisher)
      : processes
    return groups.mapValues { $0.map(\.at).sorted() }
  }

  private static func later(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
    guard let one, let other else { return nil }
    return max(one, other)
  }

  private static func earlier(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
    guard let one, let other else { return nil }
    return min(one, other)
  }
}

extension Publication {
  /// `gen<pid>@<host>`, without the reply queue that only messages tell.
  var process: String {
    publisher.firstIndex(of: "/").map { String(publisher[..<$0]) } ?? publisher
  }

  /// Whether an event told it, so that it was published then: a message that waits is dated when it
  /// is first seen.
  var isDated: Bool { !publisher.contains("/") }
}

/// The rhythm of a schedule over a stretch of time.
private enum Pace {
  case every(Seconds, periods: Double)
  case moments([Timestamp], Seconds)

  init?(_ clock: DueClock, _ stretch: Interval) {
    switch clock {
    case .every(let period):
      // The first and the last message of the slower publisher may be a little late or early.
      self = .every(period, periods: stretch.length / period + 0.1)
    case .crontab(let crontab):
      let asked = Interval(
        from: stretch.start - DueClock.promptness, to: stretch.end + DueClock.skew)
      let due = crontab.dueMoments(in: asked, last: BeatTrack.moments)
      guard due.count >= 2, let first = due.first, let last = due.last else { return nil }
      self = .moments(due, (last - first) / Double(due.count - 1))
    }
  }

  var period: Seconds {
    switch self {
    case .every(let period, _): period
    case .moments(_, let period): period
    }
  }

  var periods: Double {
    switch self {
    case .every(_, let periods): periods
    case .moments(let due, _): Double(due.count)
    }
  }

  /// How many of the moments, or of the steps between them, keep the rhythm.
  func kept(by moments: [Timestamp]) -> (kept: Int, asked: Int) {
    switch self {
    case .every(let period, _):
      let slack = max(period * 0.1, BeatCount.jitter)
      let steps = zip(moments, moments.dropFirst()).map { $1 - $0 }
      let kept = steps.filter { step in
        let whole = max(1, (step / period).rounded())
        return abs((step - period * whole).value) <= slack.value
      }
      return (kept.count, steps.count)
    case .moments(let due, _):
      let kept = moments.filter { moment in
        due.contains { $0 - DueClock.skew <= moment && moment < $0 + DueClock.promptness }
      }
      return (kept.count, moments.count)
    }
  }
}
