import TaskmonModel
import TaskmonUnits

/// Answers to control requests pile up in Redis, for nobody.
package struct LeakedReplyQueues: Rule {
  package static let id: RuleID = "leaked-reply-queues"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.resultScan]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("lists", 100, .count, help: "more reply lists than this"),
    Threshold("size", ByteCount.mebibytes(10), help: "or at least this much in them"),
  ]
  package static let page = RulePage(
    summary: "Lists with answers to control requests pile up in Redis and nobody reads them.",
    whyItHurts: """
      Whoever calls inspect or control makes a list for the answers, named after itself. If it \
      ends before the last worker has answered, that list stays, and it has no expiry. A health \
      check that asks every ten seconds and gives up after one leaves thousands a day; an answer \
      to registered or conf is many kilobytes per worker. They fill the memory that the queues \
      need.
      """,
    detection: """
      The slow scan counts the lists named *.reply.celery.pidbox and measures their memory, \
      those of taskmon apart: it deletes its own, and they expire. More than 100 of them, or 10 \
      MiB in them, is a warning.
      """,
    blindSpots: """
      Who made them cannot be told from the name, which is a UUID; the answers inside say which \
      question was asked. Lists made and removed between two scans are not seen.
      """,
    confirm: """
      Count them, and look into one:

          redis-cli -u redis://HOST:6379/0 --scan --pattern '*.reply.celery.pidbox' | wc -l
          redis-cli -u redis://HOST:6379/0 LRANGE UUID.reply.celery.pidbox 0 0
          redis-cli -u redis://HOST:6379/0 TTL UUID.reply.celery.pidbox
      """,
    remedy: """
      Delete them while no inspect is under way; the set of the same ending that begins with \
      _kombu.binding is not one of them:

          redis-cli -u redis://HOST:6379/0 --scan --pattern '????????-*.reply.celery.pidbox' |
            xargs -n 100 redis-cli -u redis://HOST:6379/0 DEL

      Then mend whoever asks: give inspect a timeout that all workers can keep, ask one node \
      instead of all, and end the process in order so that it removes its list.

          celery -A APP inspect ping --timeout 5 --destination celery@$(hostname)

      taskmon check asks without leaving anything behind and can replace such a health check.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let lists = try snapshot.replyLists.known
    guard lists.count > limits.count("lists") || lists.totalSize >= limits.bytes("size") else {
      return .healthy
    }
    let noun = lists.count == 1 ? "reply list holds" : "reply lists hold"
    return .findings([
      Finding(
        rule: Self.id, severity: .warning, subject: "broker",
        message: "\(lists.count.grouped) \(noun) \(lists.totalSize.text);"
          + " \(lists.withoutExpiry.grouped) never expire",
        since: snapshot.takenAt,
        evidence: [
          EvidenceItem("lists", .count(lists.count)),
          EvidenceItem("listsBytes", .bytes(lists.totalSize)),
          EvidenceItem("withoutExpiry", .count(lists.withoutExpiry)),
          EvidenceItem("largest", .text(orUnknown: lists.largest)),
        ],
        remedy: "delete them, and let whoever calls inspect wait long enough for its answers")
    ])
  }
}
