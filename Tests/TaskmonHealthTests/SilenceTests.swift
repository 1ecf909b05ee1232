import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("A silence")
struct SilenceTests {
  private static let noonText = "2026-01-02T12:00:00Z"

  private static let read: [(String, Silence)] = [
    (
      "stuck-task[billing.sync] until \(noonText) because the provider is slow",
      Silence(
        rule: StuckTask.id, subject: "billing.sync", until: noon, reason: "the provider is slow")
    ),
    (
      "lost-worker[celery@w1] until 2026-01-02 because it moves until Monday because of power",
      Silence(
        rule: LostWorker.id, subject: "celery@w1", until: noon - .hours(12),
        reason: "it moves until Monday because of power")
    ),
    (
      "broker-not-persistent until \(noonText) because it is a cache",
      Silence(
        rule: BrokerNotPersistent.id, subject: nil, until: noon, reason: "it is a cache")
    ),
    (
      "queue-backlog[a until b [x]] until \(noonText) because so",
      Silence(rule: QueueBacklog.id, subject: "a until b [x]", until: noon, reason: "so")
    ),
  ]

  @Test("is written as a sentence", arguments: read)
  func reads(_ text: String, _ silence: Silence) throws {
    #expect(try Silence(text) == silence)
    #expect(silence.text.flatMap { try? Silence($0) } == silence)
  }

  private static let wrong: [(String, String)] = [
    ("", "\"\" is no silence; write RULE[SUBJECT] until"),
    ("stuck-task", "\"stuck-task\" is no silence"),
    ("stuck-task until \(noonText)", "\"stuck-task until"),
    ("stuck-task because of me", "\"stuck-task because of me\" is no silence"),
    ("stuck-task[] until \(noonText) because so", "\"stuck-task[] until"),
    ("stuk-task until \(noonText) because so", "there is no rule \"stuk-task\"; did you mean"),
    ("stuck-task until tomorrow because so", "\"tomorrow\" is no moment in UTC; write 2026-12-31"),
    ("stuck-task until 2026-01-02T12:00:00 because so", "\"2026-01-02T12:00:00\" is no moment"),
  ]

  @Test("without an end or a reason is refused in a sentence", arguments: wrong)
  func refuses(_ text: String, _ sentence: String) {
    let error = #expect(throws: SilenceError.self) { try Silence(text) }
    #expect(error?.sentence.hasPrefix(sentence) == true, "\(error?.sentence ?? "none")")
  }
}

@Suite("A book of silences")
struct SilenceBookTests {
  private static func finding(
    _ subject: String, _ severity: Severity = .critical, rule: RuleID = StuckTask.id,
    ended: Timestamp? = nil
  ) -> Finding {
    Finding(
      rule: rule, severity: severity, subject: subject, message: "m", since: ago(60), evidence: [],
      remedy: "r", endedAt: ended)
  }

  private static func report(
    _ findings: [Finding], healthy: [RuleID] = [], unknown: [RuleID] = [], after: Double = 0
  ) -> HealthReport {
    HealthReport(
      takenAt: noon + Seconds(after), observed: Seconds(60), findings: findings,
      unknown: unknown.map { UnknownRule(rule: $0, missing: "m") }, healthy: healthy)
  }

  private static let hour = Silence(
    rule: StuckTask.id, subject: "a", until: noon + .hours(1), reason: "known")
  private static let whileItLasts = Silence(
    rule: StuckTask.id, subject: "a", until: nil, reason: "known")

  @Test("takes what it covers out of the counts, and puts it behind what is told")
  func silences() {
    var book = SilenceBook([Self.hour])
    let old = Self.finding("c", ended: ago(5))
    let (report, over) = book.apply(
      to: Self.report([Self.finding("a"), Self.finding("b", .warning), old]))
    #expect(report.findings.map(\.subject) == ["b", "a", "c"])
    #expect(report.present.map(\.subject) == ["b"])
    #expect(report.silenced.map(\.silence) == [Self.hour])
    #expect(report.status == .warning)
    #expect(over.isEmpty)
    #expect(report.count(.critical) == 0)
  }

  @Test("says healthy, not unknown, where all that was found is silenced")
  func allSilenced() {
    var book = SilenceBook([Self.hour])
    #expect(book.apply(to: Self.report([Self.finding("a")])).report.status == .healthy)
  }

  @Test("covers every subject where none is named, and no other rule")
  func wholeRule() {
    var book = SilenceBook([
      Silence(rule: StuckTask.id, subject: nil, until: nil, reason: "known")
    ])
    let report = book.apply(
      to: Self.report([
        Self.finding("a"), Self.finding("a", rule: LostWorker.id), Self.finding("b"),
      ])
    ).report
    #expect(report.present.map(\.rule) == [LostWorker.id])
    #expect(report.silenced.map(\.subject) == ["a", "b"])
  }

  @Test("lets go at the end of the hour, to the second")
  func expires() {
    var book = SilenceBook([Self.hour])
    let last = book.apply(to: Self.report([Self.finding("a")], after: 3599.9))
    #expect(last.report.present.isEmpty && last.over.isEmpty)
    let next = book.apply(to: Self.report([Self.finding("a")], after: 3600))
    #expect(next.report.present.count == 1)
    #expect(next.over == [Self.hour])
    #expect(book.silences.isEmpty)
  }

  @Test("ends with its finding, when its rule has judged and named it no more")
  func endsWithFinding() {
    var book = SilenceBook([Self.whileItLasts])
    #expect(book.apply(to: Self.report([], healthy: [StuckTask.id])).over.isEmpty, "never met")
    #expect(book.apply(to: Self.report([Self.finding("a")])).report.present.isEmpty)
    #expect(book.apply(to: Self.report([], unknown: [StuckTask.id])).over.isEmpty, "unknown")
    let other = book.apply(to: Self.report([Self.finding("b")]))
    #expect(other.over == [Self.whileItLasts], "another subject is judged: this one has gone")
    #expect(book.apply(to: Self.report([Self.finding("a")])).report.present.count == 1)
  }

  @Test("does not end while another silence covers its finding")
  func endsOnlyWithFinding() {
    var book = SilenceBook([Self.whileItLasts])
    #expect(book.apply(to: Self.report([Self.finding("a")])).over.isEmpty)
    book.silences.append(Self.hour)
    #expect(book.apply(to: Self.report([Self.finding("a")])).over.isEmpty)
    let later = book.apply(to: Self.report([Self.finding("a")], after: 3600))
    #expect(later.over == [Self.hour])
    #expect(later.report.silenced.map(\.silence) == [Self.whileItLasts])
    #expect(
      book.apply(to: Self.report([], healthy: [StuckTask.id])).over == [Self.whileItLasts])
  }

  @Test("does not end while its subject may be among the many that are told as one")
  func endsNotAmongOthers() {
    var book = SilenceBook([Self.whileItLasts])
    _ = book.apply(to: Self.report([Self.finding("a")]))
    let many = Self.report([Self.finding("b"), Self.finding(Evaluator.otherSubject)])
    #expect(book.apply(to: many).over.isEmpty)
    #expect(book.apply(to: Self.report([Self.finding("b")])).over == [Self.whileItLasts])
  }

  @Test("knows from an earlier run which findings were there")
  func memory() {
    var evaluator = Evaluator(rules: [AlwaysStuck.self], hold: .zero)
    var history = SnapshotHistory()
    history.absorb(snapshot())
    _ = evaluator.evaluate(history)
    let silence = Silence(rule: AlwaysStuck.id, subject: "a", until: nil, reason: "known")
    var book = SilenceBook([silence], memory: evaluator.memory)
    #expect(book.apply(to: Self.report([], healthy: [AlwaysStuck.id])).over == [silence])
  }
}

/// A rule that always has the same to say.
private struct AlwaysStuck: Rule {
  static let id: RuleID = "stuck-task"
  static let antipattern = Antipattern.incident
  static let kind = RuleKind.incident
  static let needs: [RuleNeed] = [.instant]
  static let thresholds: [Threshold] = []
  static let page = RulePage(
    summary: "", whyItHurts: "", detection: "", blindSpots: "", confirm: "", remedy: "")

  func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    .findings([
      Finding(
        rule: Self.id, severity: .warning, subject: "a", message: "m", since: noon, evidence: [],
        remedy: "r")
    ])
  }
}
