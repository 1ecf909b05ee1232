import TaskmonModel
import TaskmonUnits

/// Redis gives no answer, so nothing else can be judged.
package struct BrokerUnreachable: Rule {
  package static let id: RuleID = "broker-unreachable"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let thresholds: [Threshold] = []
  package static let severities: [Severity] = [.critical]
  package static let page = RulePage(
    summary: "Redis does not answer, so no task can be sent, taken or acknowledged.",
    whyItHurts: """
      Every delay() in the web processes now fails or blocks, workers cannot take new messages, \
      and what they finish cannot be acknowledged or stored. Workers with kombu 5.7 \
      notice a dead connection and reconnect within a minute, though one may exit instead; older \
      ones may come back connected and deaf. Look at the workers and their queues once Redis is \
      back.
      """,
    detection: """
      taskmon opens its own connection to the broker as a client would and says at which step that \
      failed: name resolution, connect, TLS, authentication, selecting the database, a timeout, or \
      an answer that is an error (LOADING, NOPERM, a cluster). While this holds every other rule \
      is unknown: the last good data is shown with its age and nothing is concluded from it.
      """,
    blindSpots: """
      It is taskmon's view of Redis. A firewall between taskmon and Redis looks the same as a dead \
      Redis, and a Redis that answers taskmon may still be out of reach for a worker in another \
      network. Compare with a connection from a worker's machine.
      """,
    confirm: """
      Ask with the same URL from here and from a machine that runs a worker:

          redis-cli -u redis://HOST:6379/0 PING
          redis-cli -u redis://HOST:6379/0 INFO persistence
          celery -A APP inspect ping --timeout 5

      LOADING in the answer means Redis is reading its data set: wait. NOAUTH or WRONGPASS means \
      the password; NOPERM the user's rights; a refused connection that nothing listens there.
      """,
    remedy: """
      Bring Redis back, or correct the URL taskmon was given (--broker, TASKMON_BROKER, \
      CELERY_BROKER_URL). So that workers survive the next time, let them retry at start too and \
      notice dead connections:

          broker_connection_retry_on_startup = True
          broker_transport_options = {"socket_keepalive": True, "socket_connect_timeout": 5}

      Before Celery 5.3 broker_connection_retry stands for the start too. On the publishing side \
      let delay() fail quickly rather than hang a web request:

          task_publish_retry_policy = {"max_retries": 3, "interval_max": 0.5}
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    switch scene.snapshot.link {
    case .up: .healthy
    case .connecting: .unknown("the first connection is still being made")
    case .down(let failure): .findings([finding(failure, scene.snapshot)])
    }
  }

  private func finding(_ failure: LinkFailure, _ snapshot: Snapshot) -> Finding {
    Finding(
      rule: Self.id, severity: .critical, subject: "broker", message: failure.sentence,
      since: failure.since,
      evidence: [
        EvidenceItem("broker", .text(snapshot.broker.url)),
        EvidenceItem("failed", .text(failure.kind.rawValue)),
        EvidenceItem("attempts", .count(failure.attempts)),
        EvidenceItem("downSeconds", .seconds(max(.zero, snapshot.takenAt - failure.since))),
        EvidenceItem("lastAnswerSecondsAgo", .seconds(snapshot.age)),
      ],
      remedy: Self.remedy(of: failure.kind))
  }

  private static func remedy(of kind: LinkFailure.Kind) -> String {
    switch kind {
    case .nameResolution: "correct the host name in the broker URL, or its DNS entry"
    case .refused: "start Redis, or correct host and port in the broker URL"
    case .authentication: "correct the user and password (TASKMON_BROKER or --password-file)"
    case .tls: "use rediss:// and --ca-cert for a server with TLS, redis:// for one without"
    case .timeout: "look for a blocked Redis (redis-cli SLOWLOG GET) or a firewall in between"
    case .loading: "wait until Redis has read its data set; INFO persistence tells how far it is"
    case .noPermission: "give the user the rights that `taskmon doctor` lists"
    case .cluster: "Celery cannot use Redis Cluster; give the URL of a single Redis or Sentinel"
    case .closed: "look into the Redis log: it closed the connection (restart, maxclients, limits)"
    case .wrongDatabase: "correct the database number at the end of the broker URL"
    case .protocolViolation: "make sure a Redis server listens there and not another service"
    case .other: "restore the connection between this host and Redis"
    }
  }
}
