package import TaskmonModel
package import TaskmonUnits

/// The state of beat in one word, for header and view.
package enum BeatStatus: Sendable, Equatable {
  /// The lock is held; how long it lives on, nil for ever.
  case held(BeatLock)
  case noLock(since: Timestamp?)
  /// The lock is held and the schedule stands still.
  case late(BeatLock, by: Seconds)
  /// No RedBeat here: a schedule without a lock, known by the workers' configuration or by
  /// messages; when an entry of it was last seen sent or arriving, nil where none was.
  case plain(entries: Int, lastSeen: Timestamp?)
  case none
  case unknown(String)

  package init(_ context: ViewContext) {
    switch context.snapshot.beat.redBeat {
    case .unavailable(let reason):
      self = .unknown(reason)
    case .value(nil):
      let entries = context.snapshot.beat.entries.value ?? []
      let last = entries.compactMap { EntryFacts($0, context).last }.max()
      self = entries.isEmpty ? .none : .plain(entries: entries.count, lastSeen: last)
    case .value(let redBeat?):
      guard let lock = redBeat.lock else {
        self =
          redBeat.isLockCertain
          ? .noLock(since: context.history.schedule.missingSince) : .unknown(RedBeatFacts.unsought)
        return
      }
      let late = Self.nextDue(redBeat, context).map { context.now - $0 } ?? .zero
      self = late > EntryFacts.grace ? .late(lock, by: late) : .held(lock)
    }
  }

  /// As the entries tell, where they were read: what RedBeat has written may be too early.
  private static func nextDue(_ redBeat: RedBeatFacts, _ context: ViewContext) -> Timestamp? {
    guard case .value(let entries) = context.snapshot.beat.entries, !entries.isEmpty else {
      return redBeat.nextDue
    }
    return entries.lazy.filter(\.isEnabled).compactMap { EntryFacts($0, context).due }.min()
  }

  /// The lock; nil where none is held or known.
  package var lock: BeatLock? {
    switch self {
    case .held(let lock), .late(let lock, _): lock
    case .noLock, .plain, .none, .unknown: nil
    }
  }

  /// For the header; nil leaves beat out.
  package var brief: Span? {
    switch self {
    case .held: Span("ok", .good)
    case .noLock: Span("NO LOCK", .warning, bold: true)
    case .late(_, let by): Span("late \(by.compact)", .warning)
    case .plain(_, nil): Span("none seen", .unknown)
    case .plain: Span("no RedBeat", .dim)
    case .none: nil
    case .unknown: Span("?", .unknown)
    }
  }

  /// For the view: one line.
  package func line(_ context: ViewContext) -> StyledLine {
    switch self {
    case .held(let lock):
      return StyledLine([Span(" RedBeat lock held", .good), Span(Self.detail(lock, context), .dim)])
    case .late(let lock, let by):
      return StyledLine([
        Span(" RedBeat lock held, but the schedule is \(by.text) late", .warning),
        Span(Self.detail(lock, context), .dim),
      ])
    case .noLock(let since):
      let duration = since.map { " for \(context.age($0).text)" } ?? ""
      return StyledLine(" RedBeat schedule without a lock\(duration): no beat is running", .warning)
    case .plain(let entries, let lastSeen):
      return plain(entries, lastSeen, context)
    case .none:
      return StyledLine(
        " No RedBeat in this database and no schedule known: no beat is known to run", .dim)
    case .unknown(let reason):
      return StyledLine(" ? RedBeat's lock is not known: \(reason)", .unknown)
    }
  }

  private func plain(
    _ entries: Int, _ lastSeen: Timestamp?, _ context: ViewContext
  ) -> StyledLine {
    let noun = entries == 1 ? "entry" : "entries"
    var line = StyledLine(
      " No RedBeat in this database; \(entries) \(noun) from \(Self.origin(context))", .dim)
    if let lastSeen {
      line.append(", one last seen \(context.age(lastSeen).text) ago", .dim)
    } else {
      let watched = context.snapshot.observed.text
      line.append(
        ", none seen sent or arriving in \(watched): no beat is known to run", .unknown)
    }
    return line
  }

  private static func origin(_ context: ViewContext) -> String {
    let sources = Set((context.snapshot.beat.entries.value ?? []).map(\.source))
    let configured = sources.contains(.workerConfiguration) ? "the workers' beat_schedule" : nil
    let told = sources.contains(.messages) ? "messages of beat" : nil
    return [configured, told].compactMap(\.self).joined(separator: " and ")
  }

  private static func detail(_ lock: BeatLock, _ context: ViewContext) -> String {
    let holder = lock.holderSince.map { ", its beat began \(context.age($0).text) ago" }
    let takeover =
      lock.timeToLive.map { "; a second could take over in \($0.text)" }
      ?? "; it never expires, so that no second could take over"
    return "\(holder ?? "")\(takeover)"
  }
}
