import CeleryProtocol
import RedisClient
import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// What can be seen of a broker, and what cannot: the judgement behind `taskmon doctor`.
struct DoctorReport {
  enum Mark: String {
    case seen = "ok"
    case hidden = "NO"
    /// Neither: nothing was there to be seen.
    case note = "-"
  }

  struct Line {
    var mark: Mark
    var subject: String
    /// What is so and, where it is not seen, how to change that.
    var sentence: String
  }

  private(set) var lines: [Line] = []
  /// Rules that could not judge, with what is missing.
  private(set) var unknown: [UnknownRule] = []
  var accessLine: String

  var seesAll: Bool { !lines.contains { $0.mark == .hidden } }

  /// Where Redis could not be reached at all.
  init(unreachable sentence: String, accessLine: String) {
    self.accessLine = accessLine
    add(.hidden, "connection", sentence)
  }

  /// `layout` is what was given; workers may speak on other channels.
  init(
    _ snapshot: Snapshot, _ report: HealthReport, layout: KeyLayout,
    access: [AccessProbe.Outcome], accessLine: String
  ) {
    self.accessLine = accessLine
    unknown = report.unknown
    connection(snapshot)
    rights(access)
    celery(report, snapshot)
    channels(snapshot, layout)
    DoctorFacts(snapshot).lines.forEach { lines.append($0) }
    failures(snapshot)
  }

  var text: String {
    let width = lines.map(\.subject.count).max() ?? 0
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    var out = lines.map {
      "\(padded($0.mark.rawValue, 2))  \(padded($0.subject, width))  \($0.sentence)\n"
    }.joined()
    if !unknown.isEmpty {
      out += "\nRules that cannot judge yet, and what they miss:\n"
      out += unknown.map { "  \($0.rule): \($0.missing)\n" }.joined()
    }
    return out + "\nThe least a Redis user of taskmon needs (redis-cli, as administrator):\n  "
      + accessLine + "\n"
  }

  private mutating func add(_ mark: Mark, _ subject: String, _ sentence: String) {
    lines.append(Line(mark: mark, subject: subject, sentence: sentence))
  }

  private mutating func connection(_ snapshot: Snapshot) {
    if let failure = snapshot.link.failure {
      return add(.hidden, "connection", failure.sentence)
    }
    let server = snapshot.server.value.map { "\($0.software), \($0.role)" }
    add(.seen, "connection", "\(snapshot.broker.url) answers, \(server ?? "version not known")")
  }

  private mutating func rights(_ outcomes: [AccessProbe.Outcome]) {
    var refused = 0
    for outcome in outcomes {
      let why: String
      switch outcome.verdict {
      case .allowed: continue
      case .forbidden(let words): why = "\(words); grant \(outcome.grant)"
      case .missing: why = "the server does not know it; was it renamed?"
      }
      refused += 1
      add(.hidden, outcome.command, "unknown without it: \(outcome.loses) (\(why))")
    }
    let rest = refused == 0 ? "all allowed" : "\(refused) refused"
    add(refused == 0 ? .seen : .note, "rights", "\(outcomes.count) commands tried, \(rest)")
  }

  private mutating func celery(_ report: HealthReport, _ snapshot: Snapshot) {
    if let gate = report.unknown.first(where: { $0.rule == NoCeleryHere.id }) {
      return add(.hidden, "celery", gate.missing)
    }
    add(.seen, "celery", "uses \(snapshot.broker.place)")
    let others = snapshot.presence.value?.elsewhere ?? []
    guard !others.isEmpty else { return }
    add(.note, "elsewhere", "not looked at: \(others.joined(separator: "; "))")
  }

  /// On which channel workers hear requests is known from the one they speak on.
  private mutating func channels(_ snapshot: Snapshot, _ layout: KeyLayout) {
    guard let pattern = snapshot.events.pattern,
      let prefix = layout.otherFanoutPrefix(inPattern: RedisKey(pattern))
    else { return }
    let value =
      switch prefix {
      case .database: "true"
      case .none: "false"
      case .text(let text): "'\(text)'"
      }
    add(
      .note, "channels",
      "events come on \(pattern); if those are this application's, --fanout-prefix \(value) lets"
        + " its workers be asked there")
  }

  private mutating func failures(_ snapshot: Snapshot) {
    for collector in snapshot.collectors {
      guard let failure = collector.failure else { continue }
      add(.hidden, collector.name, failure)
    }
  }
}

/// The facts of a snapshot, one by one: seen or not.
struct DoctorFacts {
  private let snapshot: Snapshot
  private(set) var lines: [DoctorReport.Line] = []

  /// Clocks may differ so much before moments are misjudged.
  private static let skew = Seconds(5)

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    queues()
    results()
    events()
    taskEvents()
    replies()
    clock()
    visibilityTimeout()
  }

  private var workers: [WorkerFacts] { snapshot.workers.value ?? [] }

  private mutating func add(_ mark: DoctorReport.Mark, _ subject: String, _ sentence: String) {
    lines.append(DoctorReport.Line(mark: mark, subject: subject, sentence: sentence))
  }

  private mutating func queues() {
    switch snapshot.queues {
    case .value(let queues): add(.seen, "queues", "\(queues.count.grouped) known")
    case .unavailable(let reason): add(.hidden, "queues", reason)
    }
  }

  private mutating func results() {
    switch snapshot.results {
    case .unavailable(let reason):
      add(.hidden, "results", "\(snapshot.broker.backendURL): \(reason)")
    case .value(let results):
      let whole = results.completedPasses > 0 ? "" : " so far"
      add(.seen, "results", "\(results.count.grouped)\(whole) in \(snapshot.broker.backendURL)")
    }
  }

  private mutating func events() {
    let events = snapshot.events
    guard let pattern = events.pattern, events.connectedSince != nil else {
      return add(.hidden, "events", "the subscription is not up")
    }
    guard events.received > 0 else {
      return add(
        .hidden, "events",
        "none on \(pattern) within \(snapshot.observed.text); is a worker running, without"
          + " --without-heartbeat?")
    }
    let lag = events.lag.map { ", \(max(.zero, $0).text) late" } ?? ""
    add(.seen, "events", "\(events.received.grouped) on \(pattern)\(lag)")
  }

  private mutating func taskEvents() {
    let silent = workers.filter { $0.sendsTaskEvents.value == false }.map(\.id.name)
    if !silent.isEmpty {
      return add(
        .hidden, "task events",
        "\(silent.joined(separator: ", ")) send none; start workers with -E or set"
          + " worker_send_task_events = True")
    }
    if snapshot.events.taskEvents > 0 {
      add(.seen, "task events", "\(snapshot.events.taskEvents.grouped) heard")
    } else {
      add(.note, "task events", "no task ran meanwhile, so it is not known whether they come")
    }
  }

  private mutating func replies() {
    if let reason = snapshot.inspection.suspended {
      return add(.hidden, "replies", "workers are not asked: \(reason)")
    }
    let running = workers.filter { $0.offlineSince == nil }
    let silent = running.filter { $0.lastReply == nil }.map(\.id.name)
    if running.isEmpty {
      add(.hidden, "replies", "no worker was heard and none answered; is one running?")
    } else if silent.isEmpty {
      add(.seen, "replies", "\(running.count) of \(running.count) workers answered")
    } else {
      add(
        .hidden, "replies",
        "\(silent.joined(separator: ", ")) did not answer; is worker_enable_remote_control off,"
          + " or the worker busy?")
    }
  }

  private mutating func clock() {
    guard case .value(let server) = snapshot.server, let offset = server.clockOffset else {
      return add(.hidden, "clock", "Redis does not tell its time")
    }
    let size = Seconds(abs(offset.value))
    guard size > Self.skew else {
      return add(.seen, "clock", "differs from Redis' by \(size.text)")
    }
    add(
      .hidden, "clock",
      "differs from Redis' by \(size.text), so that ages are wrong; run an NTP client on both")
  }

  private mutating func visibilityTimeout() {
    let settings = workers.compactMap(\.settings.value)
    if let smallest = settings.compactMap(\.visibilityTimeout).min() {
      return add(.seen, "visibility", "timeout \(smallest.text), as workers say")
    }
    if !settings.isEmpty {
      return add(.seen, "visibility", "timeout not set in any worker: kombu's 1h")
    }
    if let told = snapshot.broker.visibilityTimeout {
      return add(.seen, "visibility", "timeout \(told.text), as --visibility-timeout says")
    }
    add(
      .hidden, "visibility", "no worker told its visibility timeout; give --visibility-timeout")
  }
}

extension BrokerIdentity {
  /// Database and key prefix.
  fileprivate var place: String {
    "db \(database)" + (keyPrefix.isEmpty ? "" : " under the key prefix \(keyPrefix)")
  }
}
