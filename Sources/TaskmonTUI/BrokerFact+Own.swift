package import TaskmonModel
import TaskmonUnits

/// What taskmon itself does here: listening, asking, and what both cost.
extension BrokerFact {
  static func events(_ context: ViewContext) -> [BrokerFact] {
    let events = context.snapshot.events
    let lag = events.lag.map { TableCell($0.text, number: $0.value) }
    let lastGap = events.lastGap.map { gap in
      TableCell(context.moments.full(gap, now: context.now), .warning, moment: gap)
    }
    return [
      BrokerFact(
        .events, "event channels",
        events.pattern.map { TableCell($0) } ?? TableCell("none", .warning),
        "subscribed to"),
      BrokerFact(.events, "events received", count(events.received), "since taskmon started"),
      BrokerFact(
        .events, "task events", count(events.taskEvents), "workers send them when started with -E"),
      BrokerFact(
        .events, "undecodable events", count(events.undecodable, badFrom: 1),
        "heard, and not to be read"),
      BrokerFact(
        .events, "event gaps", count(events.gaps, badFrom: 1),
        "interruptions: what came then is unknown"),
      BrokerFact(.events, "last event gap", lastGap ?? TableCell("none", .dim), "when it ended"),
      BrokerFact(
        .events, "event lag", lag ?? .unknown, "at most in the last minute: late, or a clock is off"
      ),
      BrokerFact(.events, "tasks remembered", count(events.trackedTasks), "in bounded memory"),
      BrokerFact(
        .events, "forgotten early", count(events.dropped), "records the memory had no room for"),
    ]
  }

  static func workers(_ context: ViewContext) -> [BrokerFact] {
    let inspection = context.snapshot.inspection
    let asked: TableCell =
      if let reason = inspection.suspended {
        TableCell("no: \(reason)", .warning)
      } else if let round = inspection.lastRound {
        TableCell(context.moments.full(round, now: context.now), moment: round)
      } else {
        TableCell("not yet", .dim)
      }
    return [
      BrokerFact(
        .workers, "workers asked", asked, "over remote control, for queues, limits and load"),
      BrokerFact(
        .workers, "workers answered",
        TableCell(
          "\(inspection.replies) of \(inspection.receivers)",
          inspection.replies < inspection.receivers ? .warning : .text),
        "in the last round; a worker that owes one is not asked again"),
    ]
  }

  static func cost(_ context: ViewContext) -> [BrokerFact] {
    let cost = context.snapshot.cost
    let total = cost.commands.values.reduce(0) { $0 &+ $1 }
    return [
      BrokerFact(
        .cost, "commands sent", amount(total, context), "by taskmon, of all kinds together"),
      BrokerFact(
        .cost, "round trips", amount(cost.roundTrips, context), "many commands go in one"),
      BrokerFact(.cost, "bytes sent", bytes(cost.bytesSent, context), "by taskmon to Redis"),
      BrokerFact(.cost, "bytes received", bytes(cost.bytesReceived, context), "from Redis"),
      BrokerFact(
        .cost, "share of Redis' time", share(cost.redisShare),
        "executing taskmon's commands, over a minute"),
      BrokerFact(
        .cost, "of it by scans", share(cost.scanShare), "above 5% they slow down by themselves"),
    ]
  }

  private static func share(_ share: Double?) -> TableCell {
    guard let share, share.isFinite else { return .unknown }
    let percent = min(max(0, share), 1) * 100
    return TableCell(
      "\((percent * 100).rounded() / 100)%", percent > 5 ? .warning : .text, number: percent)
  }

  /// `12,345 · 6.2/s`.
  private static func amount(_ count: Int, _ context: ViewContext) -> TableCell {
    let rate = perSecond(Double(count), context).map { " · \($0)/s" } ?? ""
    return TableCell(count.grouped + rate, number: Double(count))
  }

  private static func bytes(_ size: ByteCount, _ context: ViewContext) -> TableCell {
    let each = context.snapshot.observed.value
    let rate = each > 1 ? " · \(ByteCount(Int64(Double(size.value) / each)).text)/s" : ""
    return TableCell(size.text + rate, number: Double(size.value))
  }

  /// Over the whole time of observation; nil before a second of it.
  static func perSecond(_ count: Double, _ context: ViewContext) -> String? {
    let seconds = context.snapshot.observed.value
    guard seconds > 1, count.isFinite, count < 1e15 else { return nil }
    return "\((count / seconds * 10).rounded() / 10)"
  }

  static func collectors(_ context: ViewContext) -> [BrokerFact] {
    context.snapshot.collectors.map { status in
      let age = context.age(status.ranAt)
      let read = age < Seconds(1) ? "just now" : "\(age.text) ago"
      return BrokerFact(
        .collector, status.words,
        status.failure == nil
          ? TableCell(status.took, number: status.duration.value) : TableCell("failed", .critical),
        status.failure ?? "to read it, \(read)")
    }
  }
}

extension CollectorStatus {
  /// Its name as a person says it.
  package var words: String { name.replacing("-", with: " ") }

  /// `18 ms`, or seconds from ten on.
  var took: String {
    let milliseconds = duration.value * 1000
    guard (0..<10_000).contains(milliseconds) else { return duration.text }
    return "\(Int(milliseconds.rounded())) ms"
  }
}
