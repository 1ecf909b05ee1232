import TaskmonModel
import TaskmonUnits

/// Redis writes nothing to disk, so a restart loses every waiting task.
package struct BrokerNotPersistent: Rule {
  package static let id: RuleID = "broker-not-persistent"
  package static let antipattern = Antipattern.goldenRule(4)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.info]
  package static let thresholds: [Threshold] = []
  package static let page = RulePage(
    summary: "Redis keeps its data in memory only: neither an append-only file nor snapshots.",
    whyItHurts: """
      Whatever waits in a queue, is held unacknowledged or is scheduled for later lives in this \
      Redis and nowhere else. When its process ends, by a crash, an upgrade or a reboot, it \
      comes back empty: no task runs, nothing fails, and nobody is told which ones are missing. \
      A RedBeat schedule is gone until beat starts again, and what was added to it at run time \
      for good.
      """,
    detection: """
      INFO says that the append-only file is off, and the setting save is empty, so that no \
      snapshot is ever written. It is an info and never more: for some, losing the queue at a \
      restart is a choice.
      """,
    blindSpots: """
      Whether the directory it writes to outlives the machine or the container cannot be seen, \
      nor whether a replica that keeps its data would take over. Where CONFIG is forbidden, as \
      with most hosted Redis, the save points are not known and neither is the verdict.
      """,
    confirm: """
      Ask for both:

          redis-cli -u redis://HOST:6379/0 CONFIG GET appendonly
          redis-cli -u redis://HOST:6379/0 CONFIG GET save
          redis-cli -u redis://HOST:6379/0 INFO persistence
      """,
    remedy: """
      Switch the append-only file on, now and in redis.conf; about the last second is all that \
      can be lost then:

          redis-cli -u redis://HOST:6379/0 CONFIG SET appendonly yes
          redis-cli -u redis://HOST:6379/0 CONFIG SET appendfsync everysec
          redis-cli -u redis://HOST:6379/0 CONFIG REWRITE

      In a container give it a volume. And let the application survive a broker that was \
      emptied: keep in the database what must be done, mark it done there, and have a periodic \
      task publish what was left over.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let server = try snapshot.server.known
    if server.appendOnly == true || server.snapshotsConfigured == true { return .healthy }
    guard server.appendOnly != nil else {
      return .unknown("INFO does not say whether the append-only file is on")
    }
    guard server.snapshotsConfigured != nil else {
      return .unknown("whether Redis writes snapshots was not read (CONFIG GET save)")
    }
    return .findings([
      Finding(
        rule: Self.id, severity: .info, subject: "broker",
        message: "Redis writes nothing to disk: a restart loses every waiting task",
        since: snapshot.takenAt,
        evidence: [
          EvidenceItem("appendOnly", .flag(false)),
          EvidenceItem("snapshots", .flag(false)),
          EvidenceItem("role", .text(server.role)),
          EvidenceItem("uptimeSeconds", .seconds(server.uptime)),
        ],
        remedy: "set appendonly yes in redis.conf, on a disk that outlives the process")
    ])
  }
}
