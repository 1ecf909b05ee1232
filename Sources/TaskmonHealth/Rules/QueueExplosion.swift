import TaskmonModel
import TaskmonUnits

/// There are hundreds of task queues: one per user, request or job instead of one per kind of work.
package struct QueueExplosion: Rule {
  package static let id: RuleID = "queue-explosion"
  package static let antipattern = Antipattern.antipattern(12)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.queueScan]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("queues", 200, .count, help: "more task queues than this")
  ]
  package static let page = RulePage(
    summary: "There are far more task queues than kinds of work.",
    whyItHurts: """
      A worker asks Redis for all its queues in one command, four keys for each, and goes \
      through them in turn: with hundreds of queues every message costs more, and order and \
      priorities lose their meaning. A queue that was made for one user or one request is never \
      removed, nobody consumes it after that, and what is left in it waits for ever. This is \
      Celery used as a message bus.
      """,
    detection: """
      More than 200 task queues are known in this database, by their bindings and lists. Queues \
      of remote control and events are not counted. The finding names the beginning that most of \
      them share.
      """,
    blindSpots: """
      Broadcast queues leave no list. A queue that was never bound, and is empty just now, is not \
      seen. Queues in other databases or under another prefix are not counted. No more than 2,000 \
      queues are followed, so that is the largest number told.
      """,
    confirm: """
      List the bindings. Each key is one exchange; a queue that Celery made without being told has \
      an exchange of its own name:

          redis-cli -u redis://HOST:6379/0 --scan --pattern '_kombu.binding.*' | wc -l
          redis-cli -u redis://HOST:6379/0 --scan --pattern '_kombu.binding.*' | head -n 50
          redis-cli -u redis://HOST:6379/0 SMEMBERS _kombu.binding.QUEUE
          celery -A APP inspect active_queues
      """,
    remedy: """
      Name queues after kinds of work, and say in the arguments for whom it is:

          app.conf.task_routes = {"mail.*": {"queue": "mail"}, "reports.*": {"queue": "reports"}}
          send_report.delay(user_id=42)

      task_create_missing_queues = False forbids queues nobody declared. For messages to many \
      receivers use Redis streams or a broker made for it. A queue that is empty, and that no \
      worker consumes, ceases to exist with its bindings (the second key is kombu 5.7's):

          redis-cli -u redis://HOST:6379/0 LLEN 'QUEUE'
          redis-cli -u redis://HOST:6379/0 DEL _kombu.binding.QUEUE _kombu.binding_permanent.QUEUE

      Where queues share an exchange X, remove the queue's own member from both sets instead:

          redis-cli -u redis://HOST:6379/0 SREM _kombu.binding.X $'KEY\\x06\\x16\\x06\\x16QUEUE'
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let queues = try scene.queues.known
    guard queues.count > limits.count("queues") else { return .healthy }
    let family = Self.largestFamily(of: queues.map(\.name))
    let most = family.map { ", \($0.count.grouped) of them \"\($0.stem)…\"" } ?? ""
    return .findings([
      Finding(
        rule: Self.id, severity: .warning, subject: "broker",
        message: "\(queues.count.grouped) task queues\(most)", since: snapshot.takenAt,
        evidence: [
          EvidenceItem("queues", .count(queues.count)),
          EvidenceItem("emptyQueues", .count(queues.count { $0.ready == 0 })),
          EvidenceItem("waitingMessages", .count(queues.reduce(0) { $0 + $1.ready })),
          EvidenceItem("commonPrefix", .text(family?.stem ?? "none")),
          EvidenceItem("withCommonPrefix", .count(family?.count ?? 0)),
          EvidenceItem("examples", .list(queues.prefix(10).map(\.name))),
        ],
        remedy: "name queues after kinds of work and pass the user or job as an argument;"
          + " task_create_missing_queues = False forbids new ones")
    ])
  }

  /// The beginning, up to a separator, that most names share; nil where none is shared by ten.
  private static func largestFamily(of names: [String]) -> (stem: String, count: Int)? {
    var counts: [String: Int] = [:]
    for name in names {
      guard let end = name.firstIndex(where: { !($0.isLetter || $0.isNumber) }) else { continue }
      counts[String(name[...end]), default: 0] += 1
    }
    return counts.filter { $0.value >= 10 }.map { (stem: $0.key, count: $0.value) }
      .max { ($0.count, $1.stem) < ($1.count, $0.stem) }
  }
}
