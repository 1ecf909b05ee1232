import TaskmonModel
import TaskmonUnits

/// Everything about a task: counts, times, why it fails, its recent runs, who sends it.
package enum TaskPage {
  /// Failures told with message and traceback, and lines of each traceback: its end says most.
  static let shownFailures = 10
  static let shownRetries = 3
  static let tracebackLines = 20
  static let shownRuns = 10

  package static func page(_ task: TaskActivity, _ context: ViewContext) -> Page {
    let blocks: [PageBlock] =
      [.line(StyledLine())] + counts(task, context) + times(task) + failures(task)
      + running(task, context) + runs(task, context) + recentFailures(task, context)
      + places(task, context)
      + (task.isRest ? [] : AuditPage.blocks(of: task.name, context))
    return Page(task.isRest ? "all other tasks" : "task \(task.name)", blocks)
  }

  // MARK: How often

  private struct CountRow: Sendable {
    var name: String
    var count: any KeyPath<TaskCounts, Int> & Sendable
  }

  private static let countRows: [CountRow] = [
    CountRow(name: "published", count: \.sent), CountRow(name: "received", count: \.received),
    CountRow(name: "started", count: \.started), CountRow(name: "succeeded", count: \.succeeded),
    CountRow(name: "failed", count: \.failed), CountRow(name: "retried", count: \.retried),
    CountRow(name: "rejected", count: \.rejected), CountRow(name: "revoked", count: \.revoked),
    CountRow(name: "of these expired", count: \.expired),
    CountRow(name: "failed: process killed", count: \.workerLost),
    CountRow(name: "ran twice", count: \.duplicates),
  ]

  private static func counts(_ task: TaskActivity, _ context: ViewContext) -> [PageBlock] {
    var known = [
      task.running.map { PageFact("running now", $0.grouped) } ?? .unknown("running now"),
      task.executed.map { PageFact("runs, as workers count", $0.grouped) }
        ?? .unknown("runs, as workers count"),
    ]
    if task.isRest { known = [] }
    if let share = task.failedShare {
      known.append(PageFact("failing, 10m", TaskText.percent(share)))
    }
    if let results = task.results {
      known.append(
        PageFact("results", "\(results.count.grouped), largest \(results.largest.text)"))
    }
    guard case .value(let statistics) = context.snapshot.tasks else {
      let reason = context.snapshot.tasks.reason
      return [.facts(known + [.unknown("events", reason)])]
    }
    guard let facts = task.facts else {
      return [.facts(known + [.unknown("events", "none of its events was heard")])]
    }
    let bars = QueueTrend.spark(facts.completedByMinute.map { Double($0) })
    known.append(PageFact("done in each minute", "\(bars)  the last ten", .info))
    let since = context.moments.near(statistics.since, now: context.now)
    let columns: [Column<CountRow>] = [
      Column("EVENTS", .fit(22, 26), help: "what happened") { TableCell($0.name) },
      Column("1 MINUTE", .fixed(9), .right, help: "in one minute") {
        count(facts.minute[keyPath: $0.count])
      },
      Column("10 MINUTES", .fixed(10), .right, help: "in ten minutes") {
        count(facts.recent.counts[keyPath: $0.count])
      },
      Column("SINCE \(since)", .fit(10, 24), .right, help: "in all") {
        count(facts.total.counts[keyPath: $0.count])
      },
      // Takes the room to spare, so that the numbers stay beside their names.
      Column("", .fill(1), help: "") { _ in TableCell("") },
    ]
    return [.facts(known), .line(StyledLine()), .table(Table(columns, countRows, id: \.name))]
  }

  private static func count(_ count: Int) -> TableCell {
    TableCell(count.grouped, number: Double(count))
  }

  // MARK: How long

  private static func times(_ task: TaskActivity) -> [PageBlock] {
    guard let facts = task.facts else { return [] }
    return [
      .heading("Times"),
      .facts([
        time("runtime of successes", facts.runtime),
        time("wait before the start", facts.wait),
      ]),
    ]
  }

  private static func time(_ name: String, _ times: TaskTimes?) -> PageFact {
    guard let times else { return PageFact(name, "none heard", .dim) }
    let parts = [("p50", times.p50), ("p95", times.p95), ("p99", times.p99), ("mean", times.mean)]
      .map { "\($0.0) \(TaskText.duration($0.1))" }
    return PageFact(name, (parts + ["of \(times.count.grouped)"]).joined(separator: "  "))
  }

  // MARK: Why it fails

  private static func failures(_ task: TaskActivity) -> [PageBlock] {
    guard let facts = task.facts else { return [] }
    let groups = [
      ("failed, 10m", facts.recent.failures), ("failed, in all", facts.total.failures),
      ("retried, 10m", facts.recent.retries), ("retried, in all", facts.total.retries),
    ]
    let told = groups.compactMap { name, classes in
      classes.byCount(atMost: 20).map { PageFact(name, $0) }
    }
    return told.isEmpty ? [] : [.heading("Exceptions"), .facts(told)]
  }

  private static func recentFailures(_ task: TaskActivity, _ context: ViewContext) -> [PageBlock] {
    let own = (context.snapshot.tasks.value?.failures ?? [])
      .filter { !task.isRest && ($0.task ?? TaskFacts.unnamed) == task.name }
    let groups = [
      ("Newest failures", own.filter { !$0.isRetry }.prefix(shownFailures)),
      ("Newest retries", own.filter(\.isRetry).prefix(shownRetries)),
    ]
    return groups.flatMap { heading, failures in
      failures.isEmpty
        ? [] : [.heading(heading)] + failures.flatMap { failure($0, context) }
    }
  }

  /// One failure: when, what, where, its id, then what the exception said.
  static func failure(_ failure: RecentFailure, _ context: ViewContext) -> [PageBlock] {
    var line = StyledLine("  \(context.moments.near(failure.at, now: context.now))", .label)
    line.append("  \(failure.exceptionClass ?? "?")", failure.isRetry ? .warning : .critical)
    line.append("  \(failure.worker.name)  \(failure.id)")
    if let retries = failure.retries, retries > 0 { line.append("  attempt \(retries + 1)", .dim) }
    if failure.isRetry { line.append("  will be retried", .dim) }
    var blocks: [PageBlock] = [.line(line)]
    if let message = failure.message { blocks.append(.prose(code(message))) }
    if let traceback = failure.traceback {
      let lines = traceback.split(whereSeparator: \.isNewline)
      let cut = lines.count > tracebackLines ? ["…"] : []
      let end = cut + lines.suffix(tracebackLines).map(String.init)
      blocks.append(.prose(end.map(code).joined(separator: "\n")))
    }
    return blocks
  }

  private static func code(_ text: String) -> String { "    " + text }

  // MARK: Runs

  private static func running(_ task: TaskActivity, _ context: ViewContext) -> [PageBlock] {
    let own = (context.snapshot.running.value ?? [])
      .filter { !task.isRest && ($0.task ?? TaskFacts.unnamed) == task.name }
    guard !own.isEmpty else { return [] }
    return [
      .heading("Running now"),
      .facts(
        own.prefix(shownRuns).map { run in
          PageFact(context.age(run.startedAt).compact, line(run, context))
        }),
    ]
  }

  /// Where it runs, how much of its limit is gone, and what becomes of its message.
  private static func line(_ run: RunningTask, _ context: ViewContext) -> String {
    let share = LimitText.share(run.limits, after: context.age(run.startedAt))
    let parts = [
      run.worker.name, run.childPID.map { "process \($0)" }, run.id,
      share ?? (run.limits.isKnown ? "no limit" : "limit ?"),
      Redelivery(run, context).words(context),
    ]
    return parts.compactMap(\.self).joined(separator: "  ")
  }

  private static func runs(_ task: TaskActivity, _ context: ViewContext) -> [PageBlock] {
    let own = (context.snapshot.tasks.value?.runs ?? [])
      .filter { !task.isRest && ($0.task ?? TaskFacts.unnamed) == task.name }
    guard !own.isEmpty else { return [] }
    let columns: [Column<RecentRun>] = [
      Column("ENDED", .fixed(11), help: "when") { run in
        TableCell(context.moments.near(run.endedAt, now: context.now))
      },
      Column("HOW", .fixed(9), help: "outcome") { TableCell($0.outcome.rawValue) },
      Column("TOOK", .fixed(7), .right, help: "runtime") { run in
        run.runtime.map { TableCell(TaskText.duration($0)) } ?? .unknown
      },
      Column("WORKER", .fit(10, 30), help: "node name") { TableCell($0.worker.name) },
      Column("QUEUE", .fit(6, 20), priority: 1, help: "where it came from") { run in
        run.queue.map { TableCell($0) } ?? .unknown
      },
      Column("ID", .fit(8, 64), help: "task id") { TableCell($0.id) },
    ]
    let table = Table(
      columns, Array(own.prefix(shownRuns)), id: { "\($0.id) \($0.endedAt.secondsSince1970)" })
    return [.heading("Newest runs"), .table(table)]
  }

  // MARK: Where

  private static func places(_ task: TaskActivity, _ context: ViewContext) -> [PageBlock] {
    let own = (context.snapshot.tasks.value?.series ?? [])
      .filter { !task.isRest && $0.task == task.name }
    guard !own.isEmpty else { return [] }
    func sums(_ key: (TaskSeries) -> String, _ count: (TaskCounts) -> Int) -> [String: Int] {
      own.reduce(into: [:]) { sums, series in
        let more = count(series.counts)
        if more > 0 { sums[key(series), default: 0] += more }
      }
    }
    func fact(_ name: String, _ sums: [String: Int], _ none: String) -> PageFact {
      sums.byCount(atMost: 20).map { PageFact(name, $0) } ?? PageFact(name, none, .dim)
    }
    return [
      .heading("Where"),
      .facts([
        fact("runs begun on", sums(\.node, \.started), "none heard"),
        fact("out of queues", sums(\.queue, \.started), "none heard"),
        fact(
          "published by", sums(\.host, \.sent),
          "not told: publishers set task_send_sent_event for that"),
      ]),
    ]
  }
}
