import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct ToldFindingsTests {
  private static func document(
    _ findings: [(RuleID, String, Severity)], healthy: [RuleID] = [], after seconds: Double = 0,
    silence: Silence? = nil
  ) -> HealthDocument {
    HealthDocument(
      HealthReport(
        takenAt: noon + Seconds(seconds), observed: Seconds(10),
        findings: findings.map { rule, subject, severity in
          var finding = Finding(
            rule: rule, severity: severity, subject: subject, message: "m", since: noon,
            evidence: [], remedy: "r")
          finding.silence = silence
          return finding
        }, healthy: healthy), taskmon: "1", broker: "b")
  }

  private static let stuck: (RuleID, String, Severity) = (StuckTask.id, "a", .warning)

  /// What was told before, what is now, and whether that is news; six hours until told again.
  private static let cases: [(String, HealthDocument, HealthDocument, Bool)] = [
    ("nothing, still nothing", document([]), document([], healthy: [StuckTask.id]), false),
    ("appears", document([]), document([stuck]), true),
    ("goes on", document([stuck]), document([stuck], after: 60), false),
    ("worsens", document([stuck]), document([(StuckTask.id, "a", .critical)], after: 60), true),
    ("gets better", document([(StuckTask.id, "a", .critical)]), document([stuck]), false),
    ("ends", document([stuck]), document([], healthy: [StuckTask.id]), true),
    ("cannot be judged now", document([stuck]), document([]), false),
    (
      "another subject instead", document([stuck]), document([(StuckTask.id, "b", .warning)]), true
    ),
    ("lasts", document([stuck]), document([stuck], after: 6 * 3600), true),
    ("lasts, not long enough", document([stuck]), document([stuck], after: 6 * 3600 - 1), false),
    ("is no more than info", document([]), document([(StuckTask.id, "a", .info)]), false),
  ]

  @Test(arguments: cases)
  func aChangeIsToldOnce(
    _ what: String, _ before: HealthDocument, _ now: HealthDocument, _ isNews: Bool
  ) {
    var told = ToldFindings()
    told.take(before, told: true)
    #expect(told.isNews(now, renotify: .hours(6)) == isNews, "\(what)")
    told.take(now, told: isNews)
    #expect(!told.isNews(now, renotify: .hours(6)), "\(what), told twice")
  }

  @Test func whatCouldNotBeJudgedMeanwhileIsNotToldAgain() {
    var told = ToldFindings()
    told.take(Self.document([Self.stuck]), told: true)
    told.take(Self.document([], after: 10), told: false)
    #expect(!told.isNews(Self.document([Self.stuck], after: 20), renotify: .hours(6)))
  }

  @Test func whatGotBetterIsToldWhenItWorsensAgain() {
    var told = ToldFindings()
    let critical = Self.document([(StuckTask.id, "a", .critical)])
    told.take(critical, told: true)
    told.take(Self.document([Self.stuck]), told: false)
    #expect(told.isNews(critical, renotify: .hours(6)))
  }

  @Test func whatIsSilencedHasNotEndedAndIsNewsOnceItsSilenceIsOver() {
    let silence = Silence(rule: StuckTask.id, subject: "a", until: nil, reason: "known")
    var told = ToldFindings()
    told.take(Self.document([Self.stuck]), told: true)
    let silent = Self.document([Self.stuck], after: 10, silence: silence)
    #expect(!told.isNews(silent, renotify: .hours(6)))
    told.take(silent, told: false)
    #expect(told.isNews(Self.document([Self.stuck], after: 20), renotify: .hours(6)))
  }
}
