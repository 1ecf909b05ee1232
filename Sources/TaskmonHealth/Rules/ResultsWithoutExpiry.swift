import TaskmonModel
import TaskmonUnits

/// Results are kept for ever, so Redis fills until it refuses or evicts.
package struct ResultsWithoutExpiry: Rule {
  package static let id: RuleID = "results-without-expiry"
  package static let antipattern = Antipattern.goldenRule(4)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.resultScan]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("share", 0.05, .ratio, help: "share of the results seen that never expire"),
    Threshold("sample", 20, .count, help: "results that must have been seen"),
  ]
  package static let page = RulePage(
    summary: "Task results are stored without an expiry and stay in Redis for ever.",
    whyItHurts: """
      A result lives for a day by default. With result_expires set to 0 or None it lives for \
      ever: every run of every task adds a key that nobody will read again. Memory grows evenly \
      for weeks until Redis is full, and then the queues in the same Redis pay for it. \
      Snapshots, restarts and scans get slower with every key.
      """,
    detection: """
      The slow scan asks the time to live of the stored results. Among at least 20 of them, 5 % \
      or more have none. Healthy means that a full pass was done.
      """,
    blindSpots: """
      Keys that the application itself stores are not counted. A share under 5 % may be left \
      from an earlier configuration: results stored then keep what they were given.
      """,
    confirm: """
      Ask one result, in the database of result_backend, and compare keys with those that expire:

          redis-cli -u redis://HOST:6379/1 TTL celery-task-meta-TASK_ID
          redis-cli -u redis://HOST:6379/1 INFO keyspace
          celery -A APP inspect conf true | grep result_expires

      A TTL of -1 means that it never expires, -2 that there is no such result.
      """,
    remedy: """
      Let results expire, and store none where nobody reads them:

          result_expires = 3600
          task_ignore_result = True

      What is there already has to be given an expiry once. NX leaves those that have one as they \
      are; before Redis 7 leave it out:

          B=redis://HOST:6379/1
          redis-cli -u $B --scan --pattern 'celery-task-meta-*' > keys
          sed 's/.*/EXPIRE & 86400 NX/' keys | redis-cli -u $B | sort | uniq -c
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let results = try snapshot.results.known
    let share = Double(results.withoutExpiry) / Double(max(1, results.count))
    let isFound =
      results.count >= limits.count("sample") && results.withoutExpiry > 0
      && share >= limits.number("share")
    guard isFound else {
      return results.completedPasses >= 1
        ? .healthy
        : .unknown("needs one full pass over the results, has seen \(results.count.grouped)")
    }
    let percent = max(1, Int((share * 100).rounded(.down)))
    return .findings([
      Finding(
        rule: Self.id, severity: .warning, subject: "broker",
        message: "\(results.withoutExpiry.grouped) of \(results.count.grouped) results"
          + " (\(percent) %) never expire",
        since: results.updatedAt, evidence: evidence(results, share),
        remedy: "set result_expires (seconds) on the workers, and give the stored ones an expiry")
    ])
  }

  private func evidence(_ results: ResultFacts, _ share: Double) -> [EvidenceItem] {
    let eternal = results.largest.filter { $0.timeToLive == nil }
    return [
      EvidenceItem("withoutExpiry", .count(results.withoutExpiry)),
      EvidenceItem("seen", .count(results.count)),
      EvidenceItem("share", .number(share)),
      EvidenceItem("storedBytes", .bytes(results.totalSize)),
      EvidenceItem("taskIDs", .list(eternal.prefix(5).map(\.taskID))),
      EvidenceItem("tasks", .list(Set(eternal.compactMap(\.task)).sorted())),
      EvidenceItem("scanComplete", .flag(results.completedPasses >= 1)),
    ]
  }
}
