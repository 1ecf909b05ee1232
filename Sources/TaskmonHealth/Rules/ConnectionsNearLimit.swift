import TaskmonModel
import TaskmonUnits

/// Redis has nearly as many connections as it allows, and will refuse the next ones.
package struct ConnectionsNearLimit: Rule {
  package static let id: RuleID = "connections-near-limit"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", 0.8, .ratio, help: "connected clients as a share of maxclients")
  ]
  package static let page = RulePage(
    summary: "Redis has nearly as many client connections as it allows.",
    whyItHurts: """
      At maxclients Redis closes every new connection with an error: delay() fails in the web \
      process that needed one, a worker that lost its connection cannot come back, and nobody \
      can log in to see why. Each process that publishes keeps up to broker_pool_limit connections \
      (10 by default), each of its threads more for results, each worker several; forked processes \
      that never close theirs add up.
      """,
    detection: """
      INFO tells connected_clients and maxclients; 80 % or more is a warning. taskmon's own \
      connections are among them.
      """,
    blindSpots: """
      A limit on open files, or of a proxy in front of Redis, may lie lower than maxclients. \
      Which client holds the connections is in CLIENT LIST, which is not read for this.
      """,
    confirm: """
      Count connections by the machine that holds them:

          redis-cli -u redis://HOST:6379/0 INFO clients
          redis-cli -u redis://HOST:6379/0 INFO stats | grep rejected_connections
          redis-cli -u redis://HOST:6379/0 CLIENT LIST | grep -o ' addr=[^:]*' | sort | uniq -c
      """,
    remedy: """
      Find the machine with too many and lessen what each process keeps; close idle connections:

          broker_pool_limit = 2
          redis_max_connections = 20
          redis-cli -u redis://HOST:6379/0 CONFIG SET timeout 3600

      redis_max_connections bounds what one thread keeps for results, and what needs more at once \
      gets an error, so leave room. The timeout spares clients that block or subscribe.

      Make one Celery() app per process, not one per request. If they are all needed, raise \
      maxclients and the limit on open files (LimitNOFILE) together.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let server = try snapshot.server.known
    guard let most = server.maxClients, most > 0 else {
      return .unknown("INFO does not tell maxclients")
    }
    let share = Double(server.connectedClients) / Double(most)
    guard share >= limits.number("warning") else { return .healthy }
    let percent = Int((min(share, 100) * 100).rounded(.down))
    return .findings([
      Finding(
        rule: Self.id, severity: .warning, subject: "broker",
        message: "\(server.connectedClients.grouped) of \(most.grouped) connections are taken"
          + " (\(percent) %)",
        since: snapshot.takenAt,
        evidence: [
          EvidenceItem("connectedClients", .count(server.connectedClients)),
          EvidenceItem("maxClients", .count(most)),
          EvidenceItem("share", .number(share)),
          EvidenceItem("blockedClients", server.blockedClients.map { .count($0) } ?? .unknown),
        ],
        remedy: "lower broker_pool_limit and redis_max_connections, find who leaks connections"
          + " (CLIENT LIST), or raise maxclients")
    ])
  }
}
