import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct HealthDocumentTests {
  static let document = HealthDocument(
    HealthReport(
      takenAt: noon + Seconds(0.678), observed: Seconds(10),
      findings: [
        Finding(
          rule: StuckTask.id, severity: .critical, subject: "billing.sync",
          message: "running 14m 10s on celery@w3, hard limit 60s", since: ago(780),
          evidence: [
            EvidenceItem("taskID", .text("id-\"1\"")),
            EvidenceItem("runningSeconds", .number(850.25)),
            EvidenceItem("hardLimitSeconds", .number(60)),
            EvidenceItem("softLimitSeconds", .unknown),
            EvidenceItem("limitEnforced", .flag(false)),
            EvidenceItem("queues", .list(["a", "b\u{1B}"])),
          ], remedy: "set task_time_limit"),
        Finding(
          rule: LostWorker.id, severity: .info, subject: "celery@w1", message: "m", since: ago(5),
          evidence: [], remedy: "r"),
        Finding(
          rule: OversizedResult.id, severity: .critical, subject: "ended", message: "m",
          since: ago(5), evidence: [], remedy: "r", endedAt: noon),
      ],
      unknown: [UnknownRule(rule: MultipleBeats.id, missing: "no task events: start it with -E")],
      healthy: [BrokerUnreachable.id]),
    taskmon: "0.1.0", broker: "redis://localhost:6379/0")

  @Test func theDocumentIsSpeltAsScriptsReadIt() {
    #expect(
      Self.document.json() == """
        {"taskmon":"0.1.0","broker":"redis://localhost:6379/0",\
        "takenAt":"2026-01-02T12:00:00.678Z",\
        "observedSeconds":10,"status":"critical","findings":[{"rule":"stuck-task","antipattern":7,\
        "kind":"incident","severity":"critical","subject":"billing.sync",\
        "message":"running 14m 10s on celery@w3, hard limit 60s","since":"2026-01-02T11:47:00Z",\
        "evidence":{"taskID":"id-\\"1\\"","runningSeconds":850.25,"hardLimitSeconds":60,\
        "softLimitSeconds":null,"limitEnforced":false,"queues":["a","b\\u001b"]},\
        "remedy":"set task_time_limit"},{"rule":"lost-worker","antipattern":"G2","kind":"incident",\
        "severity":"info","subject":"celery@w1","message":"m","since":"2026-01-02T11:59:55Z",\
        "evidence":{},"remedy":"r"}],"silenced":[],"unknown":[{"rule":"multiple-beats",\
        "missing":"no task events: start it with -E"}],"healthy":["broker-unreachable"]}
        """)
  }

  @Test(arguments: [OrderedJSON.Style.compact, .pretty])
  func whatIsWrittenIsReadBack(_ style: OrderedJSON.Style) throws {
    var wanted = Self.document
    for index in wanted.findings.indices {
      wanted.findings[index].evidence.sort { $0.key < $1.key }
    }
    #expect(try HealthDocument(json: Self.document.json(style)) == wanted)
  }

  private static let silencedDocument: HealthDocument = {
    var finding = Finding(
      rule: LostWorker.id, severity: .critical, subject: "celery@w1", message: "m", since: ago(5),
      evidence: [], remedy: "r")
    finding.silence = Silence(
      rule: LostWorker.id, subject: "celery@w1", until: noon + .hours(1), reason: "it moves")
    return HealthDocument(
      HealthReport(takenAt: noon, observed: Seconds(10), findings: [finding]),
      taskmon: "0.1.0", broker: "b")
  }()

  @Test func whatIsSilencedStandsApart() throws {
    #expect(
      Self.silencedDocument.json() == """
        {"taskmon":"0.1.0","broker":"b","takenAt":"2026-01-02T12:00:00Z","observedSeconds":10,\
        "status":"healthy","findings":[],"silenced":[{"rule":"lost-worker","antipattern":"G2",\
        "kind":"incident","severity":"critical","subject":"celery@w1","message":"m",\
        "since":"2026-01-02T11:59:55Z","evidence":{},"remedy":"r",\
        "silencedUntil":"2026-01-02T13:00:00Z","silencedBecause":"it moves"}],\
        "unknown":[],"healthy":[]}
        """)
    #expect(try HealthDocument(json: Self.silencedDocument.json()) == Self.silencedDocument)
    #expect(CheckStatus(of: Self.silencedDocument) == .ok)
    #expect(
      Self.silencedDocument.text(.ok) == """
        TASKMON OK - 0 findings, 1 silenced; the rule was judged

        silenced lost-worker celery@w1: until 2026-01-02T13:00:00Z because it moves

        """)
  }

  @Test func whatAnotherTaskmonFoundIsSilencedHereToo() {
    let silence = Silence(
      rule: StuckTask.id, subject: nil, until: noon + .hours(1), reason: "known")
    let document = Self.document.silenced(by: [silence])
    #expect(document.findings.map(\.rule) == [LostWorker.id])
    #expect(document.silenced.map(\.silence) == [silence])
    #expect(document.status == .healthy)
    #expect(Self.document.silenced(by: []) == Self.document)
  }

  @Test(arguments: [
    ("", "it is no JSON"), ("[]", "is of another type"), ("{}", "\"taskmon\" is missing"),
    (
      #"{"taskmon":"1","broker":"b","takenAt":"yesterday","observedSeconds":1}"#,
      "\"takenAt\" is wrong"
    ),
  ])
  func anythingElseIsNoDocument(_ text: String, _ words: String) {
    let error = #expect(throws: DocumentError.self) { try HealthDocument(json: text) }
    #expect(error?.sentence.contains(words) == true)
  }

  @Test func theFirstLineSaysHowMuchCouldBeJudged() {
    #expect(
      Self.document.headline(.critical)
        == "TASKMON CRITICAL - 1 critical, 1 info; 1 of 4 rules could not be judged"
        + " (no task events: 1)")
    var good = Self.document
    good.findings = []
    good.unknown = []
    good.healthy = [StuckTask.id, LostWorker.id]
    #expect(good.text(.ok) == "TASKMON OK - 0 findings; all 2 rules were judged\n")
  }

  @Test func eachFindingIsABlockWithReadableNumbersAndNoControlBytes() {
    #expect(
      Self.document.text(.critical).split(separator: "\n\n").dropFirst().first.map(String.init)
        == """
        CRITICAL stuck-task billing.sync: running 14m 10s on celery@w3, hard limit 60s
          since: 2026-01-02T11:47:00Z (13m 1s)
          taskID: id-"1"
          runningSeconds: 14m 10s
          hardLimitSeconds: 1m
          softLimitSeconds: ?
          limitEnforced: no
          queues: a, b\\x1b
          remedy: set task_time_limit
          explain: taskmon explain stuck-task
        """)
  }

  @Test func reasonsAreCountedByTheirFirstClauseTheMostFrequentFirst() {
    let unknown = [
      "needs 5m, has 10s", "--read-only", "needs 5m, has 12s", "no events: a", "x", "no events; b",
    ].map { UnknownRule(rule: "r", missing: $0) }
    #expect(
      UnknownSummary(unknown).text == "needs 5m: 2, no events: 2, --read-only: 1, and 1 more")
  }
}

@Suite struct CheckStatusTests {
  private static func document(
    _ found: [(RuleID, Severity)], unknown: [RuleID] = [], healthy: [RuleID] = []
  ) -> HealthDocument {
    HealthDocument(
      HealthReport(
        takenAt: noon, observed: Seconds(10),
        findings: found.map {
          Finding(
            rule: $0.0, severity: $0.1, subject: "s", message: "m", since: noon, evidence: [],
            remedy: "r")
        }, unknown: unknown.map { UnknownRule(rule: $0, missing: "m") }, healthy: healthy),
      taskmon: "0", broker: "b")
  }

  @Test(
    arguments: [
      ([], CheckFilter.FailOn.warning, 0), ([.info], .warning, 0),
      ([.info, .warning], .warning, 1),
      ([.warning], .critical, 0), ([.warning, .critical], .critical, 2), ([.critical], .unknown, 2),
      ([], .unknown, 3), ([.info], .unknown, 3), ([.warning], .unknown, 1),
    ] as [([Severity], CheckFilter.FailOn, Int32)])
  func theExitCodeIsThatOfTheWorst(
    _ severities: [Severity], _ failOn: CheckFilter.FailOn, _ code: Int32
  ) {
    let document = Self.document(
      severities.map { (StuckTask.id, $0) }, unknown: [MultipleBeats.id], healthy: [LostWorker.id])
    #expect(CheckFilter(failOn: failOn).status(of: document).exitCode == code)
  }

  @Test func aDocumentInWhichNothingWasJudgedIsUnknown() {
    #expect(CheckStatus(of: Self.document([], unknown: [StuckTask.id])) == .unknown)
    let gate = HealthReport(
      takenAt: noon, observed: Seconds(10), healthy: [BrokerUnreachable.id], isGateShut: true)
    #expect(CheckStatus(of: HealthDocument(gate, taskmon: "0", broker: "b")) == .unknown)
  }

  @Test(
    arguments: [
      (CheckFilter(), ["stuck-task", "oversized-result"], 2),
      (CheckFilter(kind: .practice), ["oversized-result"], 1),
      (CheckFilter(kind: .incident), ["stuck-task"], 2),
      (CheckFilter(rules: ["oversized-result"]), ["oversized-result"], 1),
      (CheckFilter(kind: .incident, rules: ["oversized-result"]), [], 3),
      (CheckFilter(rules: ["lost-worker"]), [], 0),
      (CheckFilter(rules: ["multiple-beats"]), [], 3),
    ] as [(CheckFilter, [String], Int32)])
  func aCheckIsAboutTheRulesAskedFor(
    _ filter: CheckFilter, _ rules: [String], _ code: Int32
  ) {
    let narrowed = filter.narrow(
      Self.document(
        [(StuckTask.id, .critical), (OversizedResult.id, .warning)], unknown: [MultipleBeats.id],
        healthy: [LostWorker.id]))
    #expect(narrowed.findings.map(\.rule.rawValue) == rules)
    #expect(filter.status(of: narrowed).exitCode == code)
  }

  @Test func anUnreachableBrokerIsCriticalForEveryFilter() {
    let filter = CheckFilter(kind: .practice, rules: [OversizedResult.id])
    let narrowed = filter.narrow(
      Self.document([(BrokerUnreachable.id, .critical)], unknown: [OversizedResult.id]))
    #expect(filter.status(of: narrowed) == .critical)
  }

  @Test func aBrokerThatNobodySeesIsNotHealthyBecauseItIsSilenced() {
    let silence = Silence(
      rule: BrokerUnreachable.id, subject: nil, until: noon + .hours(1), reason: "known")
    let unseen = Self.document([(BrokerUnreachable.id, .critical)], unknown: [StuckTask.id])
    let silenced = unseen.silenced(by: [silence])
    #expect(silenced.status == .unknown)
    var report = HealthReport(
      takenAt: noon, observed: Seconds(10),
      findings: [
        Finding(
          rule: BrokerUnreachable.id, severity: .critical, subject: "broker", message: "m",
          since: noon, evidence: [], remedy: "r")
      ])
    report.findings[0].silence = silence
    #expect(report.status == .unknown)
    for filter in [CheckFilter(), CheckFilter(rules: [StuckTask.id, BrokerUnreachable.id])] {
      #expect(filter.status(of: filter.narrow(silenced)).exitCode == 3)
    }
  }

  @Test func theBrokersAnswerAloneIsHealthOnlyWhereItWasAskedFor() {
    let filter = CheckFilter(rules: [BrokerUnreachable.id])
    let well = Self.document([], healthy: [BrokerUnreachable.id, StuckTask.id])
    #expect(filter.status(of: filter.narrow(well)).exitCode == 0)
    let unjudged = Self.document([], unknown: [StuckTask.id], healthy: [BrokerUnreachable.id])
    #expect(unjudged.status == .unknown)
  }

  @Test func noCeleryHereIsUnknownForEveryFilter() {
    let report = HealthReport(
      takenAt: noon, observed: Seconds(10),
      unknown: [UnknownRule(rule: NoCeleryHere.id, missing: "no Celery in db 0")],
      healthy: [BrokerUnreachable.id], isGateShut: true)
    let filter = CheckFilter(rules: [BrokerUnreachable.id])
    let narrowed = filter.narrow(HealthDocument(report, taskmon: "0", broker: "b"))
    #expect(filter.status(of: narrowed).exitCode == 3)
  }
}
