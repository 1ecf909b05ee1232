import TaskmonModel
import TaskmonUnits

/// The binding is gone by which messages came into a queue.
package struct BindingMissing: Rule {
  package static let id: RuleID = "binding-missing"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.queueScan]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = []
  package static let page = RulePage(
    summary: "A queue's messages came through an exchange that no longer leads to the queue.",
    whyItHurts: """
      On Redis an exchange is a set of the queues it leads to. Who publishes to a named exchange \
      reads that set and pushes the message into each queue it finds. If the set is gone (evicted, \
      deleted, swept), a publisher that has declared it before does not notice: the message goes \
      nowhere, and delay() succeeds.
      """,
    detection: """
      The next or the newest message of a queue names an exchange in its delivery_info, and a scan \
      of the binding sets that began after that message was first seen does not list the queue \
      under this exchange. Messages of the default exchange go straight to their queue, need no \
      binding and never count.
      """,
    blindSpots: """
      Only queues that hold a message tell which exchange they are fed by; once the last message \
      is taken, the loss is invisible. With more bindings than taskmon reads it is not judged.
      """,
    confirm: """
      Compare the message with the set; a worker or publisher that starts declares it anew:

          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1
          redis-cli -u redis://HOST:6379/0 SMEMBERS _kombu.binding.EXCHANGE
          redis-cli -u redis://HOST:6379/0 INFO stats | grep evicted
      """,
    remedy: """
      Restart a worker that consumes the queue: it declares its queues and their bindings at its \
      start. So that they stay, let Redis evict nothing, and keep scripts from deleting keys:

          maxmemory-policy noeviction

      Without need for topics, let tasks go through the default exchange, which needs no binding:

          Queue("orders")
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let queues = try scene.queues.known
    var findings: [Finding] = []
    var doubts: [String] = []
    for queue in queues {
      switch queue.exchange {
      case nil: continue
      case .unavailable(let reason)?: doubts.append("the bindings of \(queue.name): \(reason)")
      case .value(let binding)?:
        // A binding declared with the first message may be younger than the scan.
        guard !binding.isBound, let seen = scene.history.queues[queue.name]?.headSince,
          binding.readAt > seen
        else { continue }
        findings.append(finding(queue, binding))
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }

  private func finding(_ queue: SeenQueue, _ binding: ExchangeBinding) -> Finding {
    Finding(
      rule: Self.id, severity: .warning, subject: queue.name,
      message: "its messages came through exchange \(binding.exchange), which no longer leads to"
        + " this queue: what is published there now is lost",
      since: binding.readAt,
      evidence: [
        EvidenceItem("exchange", .text(binding.exchange)),
        EvidenceItem("routingKey", .text(orUnknown: binding.routingKey)),
        EvidenceItem("ready", .count(queue.ready)),
        EvidenceItem("headTask", .text(orUnknown: queue.head?.value?.task)),
        EvidenceItem("publisher", .text(orUnknown: queue.head?.value?.origin)),
      ],
      remedy:
        "restart a worker of this queue, which declares the binding again, and let Redis evict"
        + " nothing")
  }
}
