import TaskmonModel
import TaskmonUnits

/// Redis was emptied, and every task that waited in it is gone.
package struct BrokerFlushed: Rule {
  package static let id: RuleID = "broker-flushed"
  package static let antipattern = Antipattern.goldenRule(4)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("duration", Seconds.hours(1), help: "for how long after the loss it is told")
  ]
  package static let page = RulePage(
    summary: "Redis was emptied, and the tasks and results in it are gone.",
    whyItHurts: """
      All waiting messages, everything unacknowledged and all results vanished at once, and \
      nothing in Celery says so. Workers stay connected, answer pings and finish what they have \
      in memory; web processes that wait for a result wait for ever. The queues look wonderfully \
      empty. A RedBeat schedule is gone until beat starts again, and what was added to it at \
      run time for good.
      """,
    detection: """
      Redis counts FLUSHALL and FLUSHDB: the count rose, and the keys of this database are gone. \
      Or another server process answers (its run id changed), and the keys that were there at \
      the last look, no more than an hour ago, are not. A queue that consumers drained, a flush \
      of another database and a failover that kept its data are none of this. It is told for an \
      hour.
      """,
    blindSpots: """
      What happened before taskmon first looked is not known; for check, keep a state file. Keys \
      that were deleted one by one, or evicted, are no flush. A Redis that held neither messages \
      nor results, as where results are on another server, has lost nothing that counts here: \
      RedBeat's schedule is made again, but for what was added at run time. A small database that \
      is full again at the next look can be missed after a restart.
      """,
    confirm: """
      See whether it was a command or a restart, and what is left:

          redis-cli -u redis://HOST:6379/0 INFO commandstats | grep flush
          redis-cli -u redis://HOST:6379/0 INFO server | grep -e run_id -e uptime_in_seconds
          redis-cli -u redis://HOST:6379/0 INFO keyspace
          redis-cli -u redis://HOST:6379/0 SLOWLOG GET 128 | grep -i -A 2 -e flushall -e flushdb

      To empty a large database takes long enough for SLOWLOG, which names the client's address; \
      where it is silent, the logs of the last deploy and of test runs are the next place.
      """,
    remedy: """
      Publish again what was lost: the application's database must know what was to be done. \
      Start workers and beat again, so that they declare their queues and schedule anew. Then \
      close the door, and make Redis remember:

          redis-cli -u redis://HOST:6379/0 ACL SETUSER app -flushall -flushdb
          redis-cli -u redis://HOST:6379/0 CONFIG SET appendonly yes
          redis-cli -u redis://HOST:6379/0 CONFIG REWRITE

      Tests and deploy scripts that call FLUSHALL or cache.clear() belong on a Redis of their \
      own: several cache libraries empty the whole database.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    if let flush = history.server.flush, snapshot.takenAt - flush.at < limits.seconds("duration") {
      return .findings([finding(flush, snapshot)])
    }
    guard case .value(let server) = snapshot.server else {
      return .unknown(snapshot.server.reason ?? "INFO was not read")
    }
    guard server.flushes != nil || server.fullFlushes != nil else {
      return .unknown("how often Redis was flushed was not read (INFO commandstats)")
    }
    return .healthy
  }

  private func finding(_ flush: ServerTrack.Flush, _ snapshot: Snapshot) -> Finding {
    let before = flush.before
    let ago = max(.zero, snapshot.takenAt - flush.at).text
    let cause =
      switch flush.cause {
      case .command: "FLUSHALL or FLUSHDB emptied Redis \(ago) ago"
      case .emptyRestart: "Redis came back empty \(ago) ago"
      }
    return Finding(
      rule: Self.id, severity: .critical, subject: "broker",
      message: "\(cause); it had held \(Self.inventory(before))", since: flush.at,
      evidence: [
        EvidenceItem("cause", .text(flush.cause == .command ? "command" : "empty restart")),
        EvidenceItem("secondsAgo", .seconds(max(.zero, snapshot.takenAt - flush.at))),
        EvidenceItem("readyBefore", Self.count(before.ready)),
        EvidenceItem("unackedBefore", Self.count(before.unacked)),
        EvidenceItem("resultsBefore", Self.count(before.results)),
        EvidenceItem("keysBefore", Self.count(before.keys)),
        EvidenceItem("keysNow", Self.count(snapshot.server.value?.keys)),
        EvidenceItem("runID", .text(orUnknown: snapshot.server.value?.runID)),
      ],
      remedy: "publish the lost tasks again and restart workers and beat; then forbid FLUSHALL and"
        + " FLUSHDB to applications and switch on appendonly")
  }

  private static func count(_ value: Int?) -> EvidenceValue { value.map { .count($0) } ?? .unknown }

  private static func inventory(_ held: ServerTrack.Holdings) -> String {
    let parts = [
      held.ready.map { "\($0.grouped) waiting" },
      held.unacked.map { "\($0.grouped) unacknowledged" },
      held.results.map { "\($0.grouped) results" },
    ].compactMap(\.self)
    guard !parts.isEmpty else { return held.keys.map { "\($0.grouped) keys" } ?? "Celery's data" }
    return parts.joined(separator: ", ")
  }
}
