import TaskmonHealth
import TaskmonUnits

/// Whether taskmon is there, and whether it sees what it judges.
///
/// A watcher that is blind looks like a shop that is well: these tell the two apart.
package enum SelfAlerts {
  package static let all = [
    down, absent, cannotReachRedis, seesNoCelery, ruleCannotJudge, collectorFails, pollsLate,
    eventsInterrupted,
  ]

  /// Which taskmon, as a scrape names it.
  private static let scraped = "on (job, instance)"
  private static let build = #"taskmon_build_info{version="1"}"#

  /// Whatever its job is called: a target that was taskmon within a week.
  private static let down = Alert(
    "TaskmonDown", .critical,
    "up == 0 and \(scraped) last_over_time(taskmon_build_info[7d])", wait: .minutes(5),
    summary: "taskmon at \(label: "instance") does not answer Prometheus.",
    description: """
      Nobody watches this Celery: no finding can be told until taskmon is back, and none that was \
      told is known to have ended.
      """,
    advice: """
      See whether it runs and what it said last, then ask it by hand:

          systemctl status taskmon; journalctl -u taskmon --since -1h
          curl -sS http://HOST:9808/-/healthy

      A taskmon that has been taken out of service goes on alerting for as long as Prometheus has \
      its target: take that out too.
      """,
    proofs: [
      AlertProof(
        fires: "a target that was taskmon a while ago and is down",
        [
          ProofSeries("up", .changing(1, 0)), ProofSeries(build, .changing(1, nil)),
        ]),
      AlertProof(quiet: "it answers", [ProofSeries("up", 1), ProofSeries(build, 1)]),
      AlertProof(quiet: "a target that never was taskmon is down", [ProofSeries("up", 0)]),
    ])

  private static let absent = Alert(
    "TaskmonAbsent", .warning, "absent(last_over_time(taskmon_build_info[1d]))",
    wait: .minutes(15), summary: "No taskmon has been scraped for a day.",
    description: """
      These alerts are loaded and nothing feeds them: Prometheus has no target that is a taskmon, \
      or none of them has answered for a day.
      """,
    advice: """
      See whether Prometheus has the target and why it gets nothing: Status, Targets in its web \
      page. The port of `taskmon serve` is 9808, and it listens on 127.0.0.1 unless --listen says \
      otherwise.
      """,
    proofs: [
      AlertProof(fires: "nothing of taskmon's is there", [ProofSeries("up", 1)]),
      AlertProof(quiet: "it was there a while ago", [ProofSeries(build, .changing(1, nil))]),
    ])

  private static let cannotReachRedis = Alert(
    "TaskmonCannotReachRedis", .critical,
    """
    taskmon_up == 0
    unless \(scraped) taskmon_finding{rule="\(BrokerUnreachable.id)"}
    unless \(scraped) taskmon_findings_silenced{rule="\(BrokerUnreachable.id)"}
    """,
    wait: .minutes(5),
    summary: "taskmon at \(label: "instance") cannot reach Redis at \(label: "broker").",
    description: """
      Redis has not answered taskmon for five minutes, and no rule says so either: the first \
      connection hangs. Nothing else is judged meanwhile.
      """,
    advice: """
      Ask from the machine of taskmon, with the URL it was given:

          taskmon doctor --broker redis://HOST:6379/0
          redis-cli -u redis://HOST:6379/0 PING
      """,
    proofs: [
      AlertProof(
        fires: "Redis does not answer", [ProofSeries(#"taskmon_up{broker="prod"}"#, 0)],
        labels: [Label("broker", "prod")]),
      AlertProof(quiet: "Redis answers", [ProofSeries(#"taskmon_up{broker="prod"}"#, 1)]),
      AlertProof(
        quiet: "a rule tells it already, with what failed",
        [ProofSeries(#"taskmon_up{broker="prod"}"#, 0)] + page(finding: BrokerUnreachable.id)),
      AlertProof(
        quiet: "somebody silenced that rule",
        [
          ProofSeries(#"taskmon_up{broker="prod"}"#, 0),
          ProofSeries("taskmon_findings_silenced{rule=\"\(BrokerUnreachable.id)\"}", 1),
        ]),
    ])

  private static let seesNoCelery = Alert(
    "TaskmonSeesNoCelery", .warning,
    #"taskmon_rule_status{rule="\#(NoCeleryHere.id)",status="unknown"} == 1"#
      + " and \(scraped) taskmon_up == 1",
    wait: .minutes(15), summary: "taskmon at \(label: "instance") finds no Celery in its database.",
    description: """
      Redis answers and holds nothing of Celery's, so no rule is judged: the database number or \
      the key prefix is another one, or no worker has ever run there.
      """,
    advice: """
      taskmon says where it looked and which other installations are on the server:

          taskmon doctor --broker redis://HOST:6379/0

      Give it the broker URL of the application, database number included, and --key-prefix where \
      global_keyprefix is set.
      """,
    proofs: [
      AlertProof(
        fires: "no sign of Celery for a quarter of an hour",
        page(unknown: NoCeleryHere.id) + [ProofSeries("taskmon_up", 1)],
        labels: status(NoCeleryHere.id)),
      AlertProof(
        quiet: "Celery is there", page(healthy: NoCeleryHere.id) + [ProofSeries("taskmon_up", 1)]),
      AlertProof(
        quiet: "Redis is away, which others tell",
        page(unknown: NoCeleryHere.id) + [ProofSeries("taskmon_up", 0)]),
    ])

  /// A rule could judge and no longer can.
  ///
  /// One that never could, for want of events or rights, would alert for ever: it is shown on the
  /// dashboard. One that needs a long window is unknown after each start.
  private static let ruleCannotJudge = Alert(
    "TaskmonRuleCannotJudge", .warning,
    """
    taskmon_rule_status{status="unknown",rule!~"\(slowRules)"} == 1
    and on (job, instance, rule) max_over_time(taskmon_rule_status{status!="unknown"}[1d]) == 1
    and \(scraped) taskmon_up == 1
    unless \(scraped) taskmon_rule_status{rule="\(NoCeleryHere.id)",status="unknown"} == 1
    """,
    wait: judgeWait,
    summary: "\(label: "rule"): taskmon at \(label: "instance") cannot judge it any more.",
    description: """
      The rule could judge within the last day and has not been able to for an hour: something \
      that it reads has gone, and its silence proves nothing.
      """,
    advice: """
      taskmon says what is missing, and what would make it known:

          taskmon check --from http://HOST:9808 --rule RULE --fail-on unknown
          taskmon doctor --broker redis://HOST:6379/0

      The usual causes are workers that stopped sending events after a restart without -E, workers \
      that answer no control requests, and rights taken from taskmon's Redis user.
      """,
    proofs: [
      AlertProof(
        fires: "it could judge a while ago", judged(until: 1, rule: StuckTask.id),
        labels: status(StuckTask.id)),
      AlertProof(
        quiet: "it never could, as without events",
        page(unknown: StuckTask.id) + [ProofSeries("taskmon_up", 1)]),
      AlertProof(
        quiet: "a rule that looks at a day and a taskmon that has just begun",
        judged(until: 1, rule: IdleFleet.id)),
      AlertProof(quiet: "Redis is away, which others tell", judged(until: 0, rule: StuckTask.id)),
    ])

  private static let collectorFails = Alert(
    "TaskmonCollectorFailing", .warning,
    "taskmon_collector_success == 0 and \(scraped) taskmon_up == 1", wait: .minutes(15),
    summary: "taskmon at \(label: "instance") cannot read \(label: "collector").",
    description: """
      One of taskmon's readers has failed for a quarter of an hour while Redis answers. What it \
      reads is absent from the metrics, and the rules that need it cannot judge.
      """,
    advice: """
      Most often a right is missing that the Redis user once had:

          taskmon doctor --broker redis://HOST:6379/0

      names what fails, what is lost by it and the ACL line that mends it.
      """,
    proofs: [
      AlertProof(
        fires: "one fails",
        [
          ProofSeries(#"taskmon_collector_success{collector="queues"}"#, 0),
          ProofSeries("taskmon_up", 1),
        ], labels: [Label("collector", "queues")]),
      AlertProof(
        quiet: "all succeed",
        [
          ProofSeries(#"taskmon_collector_success{collector="queues"}"#, 1),
          ProofSeries("taskmon_up", 1),
        ]),
      AlertProof(
        quiet: "Redis is away, so all fail",
        [
          ProofSeries(#"taskmon_collector_success{collector="queues"}"#, 0),
          ProofSeries("taskmon_up", 0),
        ]),
    ])

  private static let pollsLate = Alert(
    "TaskmonPollsLate", .warning,
    "taskmon_snapshot_age_seconds > 60 and \(scraped) taskmon_up == 1", wait: .minutes(5),
    summary: "What taskmon at \(label: "instance") says is \(.wholeValue) s old.",
    description: """
      Redis answers, and yet no complete poll has come back for a minute: Redis is too slow, or \
      taskmon has too little processor time.
      """,
    advice: """
      Look at how long Redis takes, and at what else runs there:

          redis-cli -u redis://HOST:6379/0 --latency
          redis-cli -u redis://HOST:6379/0 SLOWLOG GET 10
      """,
    proofs: [
      AlertProof(
        fires: "two minutes old",
        [ProofSeries("taskmon_snapshot_age_seconds", 120), ProofSeries("taskmon_up", 1)],
        value: 120),
      AlertProof(
        quiet: "a moment old",
        [ProofSeries("taskmon_snapshot_age_seconds", 2), ProofSeries("taskmon_up", 1)]),
      AlertProof(
        quiet: "Redis is away, so all is old",
        [
          ProofSeries("taskmon_snapshot_age_seconds", .rising(0, 60)),
          ProofSeries("taskmon_up", 0),
        ]),
    ])

  private static let eventsInterrupted = Alert(
    "TaskmonEventsInterrupted", .warning, "increase(taskmon_event_gaps_total[30m]) > 5",
    wait: .minutes(5),
    summary: "taskmon at \(label: "instance") keeps losing Celery's events.",
    description: """
      The event stream broke more than five times in half an hour. What was sent meanwhile is not \
      known: counters are too low, and rules that need a whole window cannot judge.
      """,
    advice: """
      Redis cuts a subscriber that reads too slowly; its log says so, and this is the limit:

          redis-cli -u redis://HOST:6379/0 CONFIG GET client-output-buffer-limit

      If the network breaks instead, `taskmon_up` falters as well.
      """,
    proofs: [
      AlertProof(
        fires: "one gap every three minutes",
        [ProofSeries("taskmon_event_gaps_total", .rising(0, 0.34))]),
      AlertProof(
        quiet: "one gap an hour", [ProofSeries("taskmon_event_gaps_total", .rising(3, 0.016))]),
    ])
}

extension SelfAlerts {
  /// Longer than the windows of all rules but the slow ones.
  private static let judgeWait = Seconds.hours(1)

  /// Rules that are unknown for that long after each start, and the one that has its own alert.
  private static var slowRules: String {
    RuleRegistry.all.filter { $0.id == NoCeleryHere.id || isSlow($0.needs) }
      .map { $0.id.rawValue }.joined(separator: "|")
  }

  private static func isSlow(_ needs: [RuleNeed]) -> Bool {
    needs.contains { need in
      guard case .window(let length) = need else { return false }
      return length >= judgeWait
    }
  }

  private static func status(_ rule: RuleID) -> [Label] {
    [Label("rule", rule.rawValue), Label("status", "unknown")]
  }

  private static func page(
    finding: RuleID? = nil, unknown: RuleID? = nil, healthy: RuleID? = nil
  ) -> [ProofSeries] {
    let now = Timestamp(secondsSince1970: 0)
    let findings = finding.map {
      Finding(
        rule: $0, severity: .critical, subject: "broker", message: "", since: now, evidence: [],
        remedy: "")
    }
    return FindingPage.series(
      of: HealthReport(
        takenAt: now, observed: .zero, findings: findings.map { [$0] } ?? [],
        unknown: unknown.map { [UnknownRule(rule: $0, missing: "")] } ?? [],
        healthy: healthy.map { [$0] } ?? []))
  }

  /// A rule that was healthy for a while and is unknown since; `up` is whether Redis answers then.
  private static func judged(until up: Double, rule: RuleID) -> [ProofSeries] {
    let after = Dictionary(
      page(unknown: rule).map { ($0.selector, $0.course) }, uniquingKeysWith: { $1 })
    let both = page(healthy: rule).filter { after[$0.selector] != nil }
    return both.map { before in
      guard case .constant(let was) = before.course,
        case .constant(let now)? = after[before.selector]
      else { return before }
      return ProofSeries(before.selector, .changing(was, now))
    } + [ProofSeries("taskmon_up", .changing(1, up))]
  }
}
