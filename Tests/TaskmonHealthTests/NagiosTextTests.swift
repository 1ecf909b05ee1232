import TaskmonHealth
import TaskmonUnits
import Testing

@Suite struct NagiosTextTests {
  @Test func theFirstLineHasTheWorstAndTheNumbers() {
    let text = HealthDocumentTests.document.nagios(
      .critical, performance: [PerformanceValue("queued", 12345), PerformanceValue("workers", 8)])
    #expect(
      text == """
        TASKMON CRITICAL - 1 critical, 1 info; 1 of 4 rules could not be judged (no task events: 1)\
        ; stuck-task billing.sync: running 14m 10s on celery@w3, hard limit 60s \
        | critical=1;;0 warning=0;0; unknown=1 queued=12345 workers=8
        CRITICAL stuck-task billing.sync: running 14m 10s on celery@w3, hard limit 60s
        INFO lost-worker celery@w1: m

        """)
  }

  @Test func nothingFromRedisCanAddABarOrALine() {
    var document = HealthDocumentTests.document
    document.findings = [document.findings[1]]
    document.findings[0].subject = "a|b=9\n"
    let lines = document.nagios(.ok).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.map { $0.filter { $0 == "|" }.count } == [1, 0])
    #expect(lines[1] == "INFO lost-worker a/b=9\\x0a: m")
  }

  @Test func manyAndLongFindingsAreCutAndCounted() {
    var document = HealthDocumentTests.document
    document.findings[0].message = String(repeating: "x", count: 5_000)
    document.findings = Array(repeating: document.findings[0], count: 130)
    let lines = document.nagios(.critical).split(separator: "\n")
    #expect(lines.count == 102)
    #expect(lines.last == "and 30 more; taskmon check --format text lists them")
    #expect(lines.allSatisfy { $0.count < 1_200 })
  }
}
