import TaskmonModel
import TaskmonUnits

/// Redis may throw keys away when its memory is full, and with them queues or results.
package struct BrokerEvicts: Rule {
  package static let id: RuleID = "broker-evicts"
  package static let antipattern = Antipattern.goldenRule(4)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.critical, .warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("evicted", 1, .count, help: "keys evicted within ten minutes that make it worse")
  ]
  package static let page = RulePage(
    summary: "Redis is set to throw keys away when its memory is full.",
    whyItHurts: """
      A queue is one key. Under an allkeys policy Redis removes it like any cache entry, with \
      all the messages in it, and answers OK to whoever published them: no error, no log line, \
      tasks that never ran. The bindings go the same way. The volatile policies spare what has \
      no expiry, and so all queues, but they remove results that somebody may still wait for, and \
      RedBeat's lock, without which beat stops.
      """,
    detection: """
      INFO tells maxmemory_policy, maxmemory and the count of evicted keys. With a maxmemory, \
      allkeys-* is a warning, and critical when a key was evicted within ten minutes; volatile-* \
      is an info, and a warning when a key was evicted. Without a maxmemory nothing is ever \
      evicted.
      """,
    blindSpots: """
      Which keys were evicted is not told: in a database that other applications share, they may \
      have been theirs. What was evicted before taskmon looked is in the total only, which is \
      since the server started.
      """,
    confirm: """
      See the policy, the limit and the count; a rising count is what hurts:

          redis-cli -u redis://HOST:6379/0 CONFIG GET maxmemory-policy
          redis-cli -u redis://HOST:6379/0 INFO stats | grep evicted_keys
          redis-cli -u redis://HOST:6379/0 INFO memory | grep -e used_memory: -e maxmemory:
      """,
    remedy: """
      A broker must not evict. Let Redis refuse writes instead, which delay() reports, and keep \
      memory from filling up:

          redis-cli -u redis://HOST:6379/0 CONFIG SET maxmemory-policy noeviction
          redis-cli -u redis://HOST:6379/0 CONFIG REWRITE
          result_expires = 3600

      Where CONFIG is forbidden, as with most hosted Redis, the provider's settings have the \
      policy. A cache belongs in a Redis of its own: all databases of one server share memory and \
      policy.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let server = try snapshot.server.known
    guard let limit = server.maxMemory else { return .healthy }
    guard let policy = server.evictionPolicy else {
      return .unknown("INFO does not tell maxmemory_policy")
    }
    let isAny = policy.hasPrefix("allkeys-")
    guard isAny || policy.hasPrefix("volatile-") else { return .healthy }
    let evicted = history.server.recentEvictions
    let isEvicting = evicted.map { $0 > 0 && $0 >= limits.count("evicted") } ?? false
    let mild: Severity = isAny ? .warning : .info
    let severe: Severity = isAny ? .critical : .warning
    return .findings([
      Finding(
        rule: Self.id, severity: isEvicting ? severe : mild, subject: "broker",
        message: Self.message(policy, isAny: isAny, evicted: isEvicting ? evicted : nil),
        since: snapshot.takenAt,
        evidence: [
          EvidenceItem("policy", .text(policy)),
          EvidenceItem("evictedRecently", evicted.map { .count($0) } ?? .unknown),
          EvidenceItem("windowSeconds", .seconds(ServerTrack.window)),
          EvidenceItem("evictedSinceStart", server.evictedKeys.map { .count($0) } ?? .unknown),
          EvidenceItem("usedBytes", .bytes(server.usedMemory)),
          EvidenceItem("maxMemoryBytes", .bytes(limit)),
        ],
        remedy: "set maxmemory-policy noeviction, and give caches a Redis of their own")
    ])
  }

  private static func message(_ policy: String, isAny: Bool, evicted: Int?) -> String {
    let prey = isAny ? "queues and bindings" : "results"
    guard let evicted else { return "\(policy): a full Redis throws \(prey) away in silence" }
    let keys = evicted == 1 ? "key was" : "keys were"
    return "\(policy): \(evicted.grouped) \(keys) thrown away within \(ServerTrack.window.text),"
      + " \(prey) may be among them"
  }
}
