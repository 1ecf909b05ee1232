import TaskmonHealth
import TaskmonModel
package import TaskmonUnits

/// What the header needs beside the data.
package struct HeaderState: Sendable, Equatable {
  /// Nil before any time is known.
  package var now: Timestamp?
  package var refresh: Seconds
  /// How long the screen has been held; nil while it follows.
  package var pausedFor: Seconds?
  package var moments: MomentFormat

  package init(
    now: Timestamp?, refresh: Seconds, pausedFor: Seconds? = nil, moments: MomentFormat
  ) {
    self.now = now
    self.refresh = refresh
    self.pausedFor = pausedFor
    self.moments = moments
  }
}

/// The lines above every view: the broker, the verdict, the load, and what is wrong with the link.
package enum Header {
  /// What the broker is called here.
  package static func name(_ data: ConsoleData) -> String { data.broker.name ?? data.broker.url }

  /// Broker and server left.
  package static func broker(_ data: ConsoleData) -> StyledLine {
    var line = StyledLine([Span(" taskmon", .title), Span("  ")])
    line.append(name(data), .text, bold: true)
    guard let snapshot = data.snapshot else { return line }
    switch snapshot.server {
    case .unavailable:
      line.append("  redis ?", .unknown)
    case .value(let server):
      let limit = server.maxMemory.map { "/" + $0.compact } ?? ""
      line.append("  \(server.software.lowercased()) · \(server.usedMemory.compact)\(limit)", .dim)
      line.append(" · \(server.connectedClients.grouped) clients", .dim)
      if server.role != "master" { line.append(" · \(server.role)", .warning) }
      if server.isLoading { line.append(" · loading", .warning) }
    }
    return line
  }

  /// Counts by severity, badges and the clock, to stand at the right.
  ///
  /// Takes at most `width` cells where it can: the rate goes first, then the clock.
  package static func verdict(
    _ data: ConsoleData, _ state: HeaderState, width: Int = .max
  ) -> StyledLine {
    var line = StyledLine()
    if let held = state.pausedFor {
      line.append(" PAUSED \(held.compact) ", .badge)
      line.append("  ")
    }
    if let age = staleAge(data, state) {
      line.append(" STALE \(age.compact) ", .badge)
      line.append("  ")
    }
    counts(data, into: &line)
    let clock = state.now.map { "  " + state.moments.clock($0) } ?? ""
    for tail in ["\(clock)  \(state.refresh.compact) ", "\(clock) ", " "] {
      var whole = line
      whole.append(tail, .dim)
      if whole.width <= width || tail == " " { return whole }
    }
    return line
  }

  private static func counts(_ data: ConsoleData, into line: inout StyledLine) {
    guard data.snapshot != nil else { return }
    let report = data.report
    let critical = report.count(.critical)
    let warning = report.count(.warning)
    let info = report.count(.info)
    var parts: [Span] = []
    if critical > 0 { parts.append(Span("\(critical) CRITICAL", .critical)) }
    if warning > 0 { parts.append(Span("\(warning) WARNING", .warning)) }
    if info > 0 { parts.append(Span("\(info) info", .info)) }
    if parts.isEmpty && !report.healthy.isEmpty { parts.append(Span("healthy", .good)) }
    if !report.unknown.isEmpty { parts.append(Span("\(report.unknown.count) unknown", .unknown)) }
    for (index, part) in parts.enumerated() {
      if index > 0 { line.append("  ") }
      line.spans.append(part)
    }
  }

  /// How old the facts are, where that is worth saying; nil while they are fresh.
  package static func staleAge(_ data: ConsoleData, _ state: HeaderState) -> Seconds? {
    guard let snapshot = data.snapshot, let polledAt = snapshot.polledAt else { return nil }
    let current = state.now.map { max($0, snapshot.takenAt) } ?? snapshot.takenAt
    let reference = state.pausedFor == nil ? current : snapshot.takenAt
    let age = reference - polledAt
    let isOld = age > max(state.refresh * 3, Seconds(5))
    return isOld || snapshot.link.failure != nil ? max(.zero, age) : nil
  }

  /// Workers, load, queues, unacked, rates and beat; what nobody collects is left out, `?` is
  /// unread.
  ///
  /// Of the rates only those are told that fit into `width`: done, then failed, then sent.
  package static func fleet(_ context: ViewContext, width: Int = .max) -> StyledLine {
    let rates = rates(context)
    let choices = [[0, 1, 2], [1, 2], [1]].map { $0.map { rates[$0] }.compactMap(\.self) }
    for choice in choices {
      for gap in [3, 2] {
        let line = fleet(context, rates: choice, gap: gap)
        if line.width <= width { return line }
      }
    }
    return fleet(context, rates: [], gap: 3)
  }

  private static func fleet(
    _ context: ViewContext, rates: [(label: String, span: Span)], gap: Int
  ) -> StyledLine {
    var line = StyledLine()
    func add(_ label: String, _ spans: [Span]) {
      let margin = String(repeating: " ", count: line.spans.isEmpty ? 1 : gap)
      line.append(margin + label + " ", .dim)
      line.spans += spans
    }
    switch context.snapshot.workers {
    case .unavailable: add("workers", [Span("?", .unknown)])
    case .value(let workers):
      let fleet = Fleet(workers, context)
      let role: Role = fleet.up < fleet.known ? .warning : .text
      add("workers", [Span("\(fleet.up)/\(fleet.known)", role, bold: true)])
      if fleet.up > 0 { add("busy", [Span(fleet.load, .text, bold: true)]) }
    }
    add("queued", queued(context))
    switch context.snapshot.unacked {
    case .unavailable: add("unacked", [Span("?", .unknown)])
    case .value(let unacked): add("unacked", [Span(unacked.count.grouped, .text, bold: true)])
    }
    for rate in rates { add(rate.label, [rate.span]) }
    if let beat = BeatStatus(context).brief { add("beat", [beat]) }
    return line
  }

  /// Published, done and failed over a minute; nil where no event tells.
  private static func rates(_ context: ViewContext) -> [(label: String, span: Span)?] {
    guard case .value(let statistics) = context.snapshot.tasks else { return [nil, nil, nil] }
    let minute = statistics.minuteSum
    func rate(_ label: String, _ count: Int, _ role: Role = .text) -> (label: String, span: Span)? {
      statistics.minute.rate(of: count).map {
        (label, Span(TaskText.rate($0), role, bold: true))
      }
    }
    // Publishers tell only where they were set to.
    let tellsSent = statistics.everything.contains { $0.total.counts.sent > 0 }
    return [
      tellsSent ? rate("sent", minute.sent) : nil, rate("done", minute.completed),
      minute.failed > 0 ? rate("failed", minute.failed, .warning) : nil,
    ]
  }

  private static func queued(_ context: ViewContext) -> [Span] {
    guard case .value(let queues) = context.snapshot.queues else { return [Span("?", .unknown)] }
    let total = queues.reduce(0) { $0 &+ $1.ready }
    let isPartial = QueuesView.isPartial(context.snapshot)
    var spans = [Span(total.grouped + (isPartial ? "+" : ""), .text, bold: true)]
    let trends = queues.map { QueueTrend.perSecond(context.history.queues[$0.name]?.ready ?? []) }
    let known = trends.compactMap(\.self)
    guard known.count == queues.count, !queues.isEmpty else { return spans }
    let text = QueueTrend.text(known.reduce(0, +))
    if !text.isEmpty { spans.append(Span(" " + text, .info)) }
    return spans
  }

  /// Queued messages of all queues over the last half hour, and tasks done by the minute where
  /// there is room.
  package static func spark(_ context: ViewContext, width: Int) -> StyledLine {
    var line = queuedSpark(context, width: width)
    let done = doneSpark(context)
    if line.width + done.width < width { line.spans += done.spans }
    return line
  }

  private static func doneSpark(_ context: ViewContext) -> StyledLine {
    guard case .value(let statistics) = context.snapshot.tasks else { return StyledLine() }
    let sums = statistics.completedByMinute
    guard !sums.isEmpty else { return StyledLine() }
    return StyledLine([
      Span("   "), Span(QueueTrend.spark(sums.map { Double($0) }), .info),
      Span(" done/min, 10m, highest \((sums.max() ?? 0).grouped)", .dim),
    ])
  }

  private static func queuedSpark(_ context: ViewContext, width: Int) -> StyledLine {
    let count = min(64, max(0, width - 36))
    let tracks = context.history.queues.values
    var sum: [Double?] = Array(repeating: nil, count: count)
    for track in tracks {
      let series = QueueTrend.buckets(
        track.ready, count: count, now: context.now, window: QueueTrend.window)
      for (index, value) in series.enumerated() {
        if let value { sum[index] = (sum[index] ?? 0) + value }
      }
    }
    guard let most = sum.compactMap(\.self).max() else {
      return StyledLine(" queued  no history yet", .dim)
    }
    let bars = String(QueueTrend.spark(sum).drop { $0 == " " })
    return StyledLine([
      Span(" "), Span(bars, .info),
      Span(" queued, 30m, highest \(Int(min(most, 1e15)).grouped)", .dim),
    ])
  }

  /// What must not be overlooked: why Redis does not answer, and lasting notices.
  package static func alerts(_ data: ConsoleData) -> [StyledLine] {
    var lines: [StyledLine] = []
    if let failure = data.snapshot?.link.failure {
      let tries = failure.attempts == 1 ? "1 attempt" : "\(failure.attempts) attempts"
      lines.append(
        StyledLine([
          Span(" " + failure.sentence, .critical), Span("  (\(tries))", .dim),
        ]))
    }
    if let snapshot = data.snapshot {
      if snapshot.link == .connecting { lines.append(waiting(data)) }
      // Where Redis is away, that is why.
      if snapshot.link.isUp { lines += failures(snapshot.collectors) }
    }
    if !data.notices.isEmpty {
      lines.append(StyledLine(" " + data.notices.joined(separator: "  ·  "), .warning))
    }
    return lines
  }

  /// What could not be read and why; one line for all that failed alike.
  private static func failures(_ collectors: [CollectorStatus]) -> [StyledLine] {
    var reasons: [String] = []
    var names: [String: [String]] = [:]
    for status in collectors {
      guard let failure = status.failure else { continue }
      if names[failure] == nil { reasons.append(failure) }
      names[failure, default: []].append(status.words)
    }
    return reasons.map { reason in
      StyledLine([
        Span(" ? \(names[reason, default: []].joined(separator: ", ")): ", .warning, bold: true),
        Span(reason, .warning),
      ])
    }
  }

  /// What stands in the middle before there is anything to show.
  package static func waiting(_ data: ConsoleData) -> StyledLine {
    StyledLine(" connecting to \(data.broker.url) …", .dim)
  }
}
