import TaskmonModel
import TaskmonUnits

/// Redis' memory is nearly full, and a full broker refuses every task.
package struct BrokerMemoryHigh: Rule {
  package static let id: RuleID = "broker-memory-high"
  package static let antipattern = Antipattern.goldenRule(4)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", 0.8, .ratio, help: "used memory as a share of what there is"),
    Threshold("critical", 0.95, .ratio, help: "used memory as a share of maxmemory"),
  ]
  package static let page = RulePage(
    summary: "Redis has used up nearly all of its memory and will refuse writes.",
    whyItHurts: """
      When a Redis with noeviction is full, it refuses whatever would make it larger: delay() \
      fails in every web process, results cannot be stored, beat cannot publish. Workers fare \
      worse: one that is asked a control question cannot write its answer and may die of it. \
      Without a maxmemory the kernel decides, and kills Redis or its neighbour.
      """,
    detection: """
      Used memory against maxmemory under noeviction: 80 % is a warning, 95 % critical. Without \
      a maxmemory it is compared with the memory of the host, a warning at most. Under the other \
      policies Redis makes room by throwing keys away, which broker-evicts tells; but where it \
      finds none to throw away, as volatile-* does in a database of queues, it refuses writes as \
      well, and one that was refused within ten minutes is critical. taskmon itself asks the \
      workers nothing while memory is short.
      """,
    blindSpots: """
      On a host that Redis shares, the memory may be full long before Redis has used 80 % of it; \
      in a container Redis sees the host's memory and not the container's limit, so set \
      maxmemory. The copy that a snapshot makes while it is written is not in the figure.
      """,
    confirm: """
      See how full it is, and what takes the room:

          redis-cli -u redis://HOST:6379/0 INFO memory
          redis-cli -u redis://HOST:6379/0 INFO errorstats | grep OOM
          redis-cli -u redis://HOST:6379/0 --memkeys -i 0.01
          redis-cli -u redis://HOST:6379/0 LLEN celery

      Leave celery inspect, celery status and Flower alone meanwhile: their questions are what \
      workers die of while Redis is full.
      """,
    remedy: """
      Make room first: raise the limit if the host has the memory, start consumers for the \
      longest queue, or delete one that nobody wants. On a full Redis celery purge deletes \
      nothing and says that there was nothing to delete, but UNLINK does it (in bash \
      $'QUEUE\\x06\\x163' and so on for other priorities):

          redis-cli -u redis://HOST:6379/0 CONFIG SET maxmemory 4gb
          redis-cli -u redis://HOST:6379/0 UNLINK QUEUE

      Then keep it from filling: let results expire sooner or store none, pass references \
      instead of large values, and limit what publishers may pile up.

          result_expires = 3600
          task_ignore_result = True
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let server = try snapshot.server.known
    let ceiling: ByteCount
    if let limit = server.maxMemory {
      guard let policy = server.evictionPolicy else {
        return .unknown("INFO does not tell maxmemory_policy")
      }
      guard policy == "noeviction" else { return evicting(history, server, limit, snapshot) }
      ceiling = limit
    } else {
      guard let host = server.systemMemory, host > .zero else {
        return .unknown("no maxmemory is set, and INFO does not tell the host's memory")
      }
      ceiling = host
    }
    let share = Double(server.usedMemory.value) / Double(max(1, ceiling.value))
    let warning = limits.number("warning")
    let critical = limits.number("critical")
    let isCritical = server.maxMemory != nil && share >= critical
    guard isCritical || share >= warning else { return .healthy }
    return .findings([
      finding(server, of: ceiling, share: share, isCritical: isCritical, at: snapshot.takenAt)
    ])
  }

  /// Under a policy that evicts, memory may well be full; only a refused write tells that nothing
  /// was left to evict.
  private func evicting(
    _ history: SnapshotHistory, _ server: ServerFacts, _ limit: ByteCount, _ snapshot: Snapshot
  ) -> Verdict {
    guard let refused = history.server.recentRefusals, refused > 0 else { return .healthy }
    let share = Double(server.usedMemory.value) / Double(max(1, limit.value))
    var finding = finding(server, of: limit, share: share, isCritical: true, at: snapshot.takenAt)
    let writes = refused == 1 ? "write" : "writes"
    finding.message =
      "Redis refused \(refused.grouped) \(writes) within \(ServerTrack.window.text): full, and"
      + " \(server.evictionPolicy ?? "its policy") had nothing to throw away"
    return .findings([finding])
  }

  private func finding(
    _ server: ServerFacts, of ceiling: ByteCount, share: Double, isCritical: Bool,
    at now: Timestamp
  ) -> Finding {
    let hasLimit = server.maxMemory != nil
    let percent = Int((min(share, 100) * 100).rounded(.down))
    let whole = hasLimit ? "maxmemory" : "the host's memory, and no maxmemory is set"
    return Finding(
      rule: Self.id, severity: isCritical ? .critical : .warning, subject: "broker",
      message: "\(server.usedMemory.text) used, \(percent) % of the \(ceiling.text) of \(whole)",
      since: now,
      evidence: [
        EvidenceItem("usedBytes", .bytes(server.usedMemory)),
        EvidenceItem("limitBytes", .bytes(ceiling)),
        EvidenceItem("limit", .text(hasLimit ? "maxmemory" : "host memory")),
        EvidenceItem("share", .number(share)),
        EvidenceItem("policy", .text(orUnknown: server.evictionPolicy)),
        EvidenceItem("refusedWrites", server.outOfMemoryErrors.map { .count($0) } ?? .unknown),
      ],
      remedy: hasLimit
        ? "empty what fills it (longest queue, largest results), shorten result_expires,"
          + " or raise maxmemory"
        : "set maxmemory below what the host can spare, with maxmemory-policy noeviction")
  }
}
