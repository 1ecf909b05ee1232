import TaskmonModel
import TaskmonUnits

/// A task returns so much that Redis keeps megabytes for every run.
package struct OversizedResult: Rule {
  package static let id: RuleID = "oversized-result"
  package static let antipattern = Antipattern.antipattern(11)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.resultScan]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", ByteCount.kibibytes(64), help: "a stored result of at least this size"),
    Threshold("critical", ByteCount.mebibytes(1), help: "a stored result of at least this size"),
  ]
  package static let page = RulePage(
    summary: "A task stores a large return value in Redis, run after run.",
    whyItHurts: """
      Redis keeps every result in memory for result_expires, a day by default, and it shares that \
      memory with the queues: a few hundred results of some megabytes fill it, and under \
      noeviction delay() then fails for everybody. Each result is also published to whoever waits \
      for it, and while Redis copies megabytes it answers nobody else.
      """,
    detection: """
      A slow scan within a budget asks the size of every stored result (STRLEN, never the value) \
      and sorts by task name, which is taken from the ends of the stored text where \
      result_extended writes it, else from the events of the same task id. A result of 64 KiB or \
      more is a warning, of 1 MiB or more critical. Healthy means that a full pass was done.
      """,
    blindSpots: """
      Results that expired before the scan came by, those in a backend that is not this Redis, and \
      arguments (they are in the messages). Without result_extended and without events the task is \
      named "unknown task".
      """,
    confirm: """
      Measure without reading it, in the database of result_backend:

          redis-cli -u redis://HOST:6379/1 STRLEN celery-task-meta-TASK_ID
          redis-cli -u redis://HOST:6379/1 --bigkeys -i 0.01
          celery -A APP inspect conf true | grep -e result_expires -e result_extended
      """,
    remedy: """
      Return a reference instead of the thing: write the report to object storage or a table and \
      return its key.

          url = storage.save(report)
          return {"report": url}

      Where nobody reads the result, do not store one, and let what remains expire sooner:

          @app.task(ignore_result=True)
          result_expires = 3600

      result_compression = "gzip" softens it and does not mend it; before Celery 5.7 it does \
      nothing at all.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let results = try snapshot.results.known
    let findings = results.tasks.compactMap { finding($0, of: results, limits) }
    if findings.isEmpty, results.completedPasses < 1 {
      return .unknown("needs one full pass over the results, has seen \(results.count.grouped)")
    }
    return .judged(findings)
  }

  private func finding(
    _ sizes: TaskResultSizes, of results: ResultFacts, _ limits: ThresholdValues
  ) -> Finding? {
    let warning = limits.bytes("warning", for: sizes.task)
    let critical = limits.bytes("critical", for: sizes.task)
    let limit = min(warning, critical)
    guard sizes.largest >= limit else { return nil }
    let large = sizes.classes.filter { $0.floor >= limit }
    let count = max(1, large.reduce(0) { $0.addingReportingOverflow($1.count).partialValue })
    let total = max(sizes.largest, large.reduce(ByteCount.zero) { $0 + $1.totalSize })
    let stored = results.largest.first { $0.taskID == sizes.largestID }
    let noun = count == 1 ? "result" : "results"
    return Finding(
      rule: Self.id, severity: sizes.largest >= critical ? .critical : .warning,
      subject: sizes.task,
      message: "\(sizes.largest.text) stored for one run; \(count.grouped) \(noun) of"
        + " \(limit.text) or more, \(total.text) in all",
      since: results.updatedAt,
      evidence: [
        EvidenceItem("taskID", .text(sizes.largestID)),
        EvidenceItem("largestBytes", .bytes(sizes.largest)),
        EvidenceItem("limitBytes", .bytes(limit)),
        EvidenceItem("largeResults", .count(count)),
        EvidenceItem("largeResultsBytes", .bytes(total)),
        EvidenceItem("storedResults", .count(sizes.count)),
        EvidenceItem("storedBytes", .bytes(sizes.totalSize)),
        EvidenceItem("expiresInSeconds", stored.map(Self.expiry) ?? .unknown),
        EvidenceItem("scanComplete", .flag(results.completedPasses >= 1)),
      ],
      remedy: "store the data elsewhere and return a reference, or set ignore_result=True"
        + " on the task; result_expires bounds how long Redis keeps it")
  }

  private static func expiry(_ result: StoredResult) -> EvidenceValue {
    result.timeToLive.map { .number($0.value) } ?? .text("never")
  }
}
