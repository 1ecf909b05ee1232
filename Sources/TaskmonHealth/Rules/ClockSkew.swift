import TaskmonModel
import TaskmonUnits

/// The clock of a worker's machine differs from ours.
package struct ClockSkew: Rule {
  package static let id: RuleID = "clock-skew"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.events]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("difference", Seconds(15), help: "between the worker's clock and taskmon's"),
    Threshold("lag", Seconds(2), help: "suspended while events come later than usual by this"),
    Threshold("heartbeats", 3, .count, help: "heartbeats that must agree, of the last ten"),
  ]
  package static let page = RulePage(
    summary: "The clock of a worker's machine differs from that of the others.",
    whyItHurts: """
      Celery compares times that different machines wrote. A worker whose clock is ahead throws \
      away messages whose expiry has not passed, starts ETA tasks too early, and hands out again \
      what others still work on, because the visibility timeout is counted by its clock. One that \
      is behind starts them late. Run times and waiting times come out wrong, even negative.
      """,
    detection: """
      Each heartbeat carries the time at which it was sent. The smallest difference to its arrival \
      among the last 10 heartbeats is what the clocks differ by: the way here only adds to it. \
      A clock that is ahead by more than 15 s is a warning at once, one that is behind when 3 \
      heartbeats agree. While events come in later \
      than they did, by 2 s for every worker, nothing is judged, for then it is taskmon that lags.
      """,
    blindSpots: """
      The measure is the clock of the machine taskmon runs on; if all workers differ by the same, \
      that one is wrong, and the evidence has the difference to Redis' clock to compare with. \
      Publishers send no heartbeats: their clocks, which set ETA and expiry, are not seen. \
      Workers without heartbeats neither.
      """,
    confirm: """
      Compare the clocks of Redis, this machine and the worker's:

          redis-cli -u redis://HOST:6379/0 TIME; date +%s
          ssh WORKER_HOST 'date +%s; timedatectl status'
          celery -A APP events --dump | grep heartbeat

      In the last, the moment in brackets is the worker's and local_received is this machine's.
      """,
    remedy: """
      Let every machine follow a time server, and have its state watched:

          timedatectl set-ntp true
          chronyc tracking

      Containers use the clock of their host; a virtual machine that was suspended must step its \
      clock when it wakes (makestep in chrony.conf). Then restart the worker.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    let heard = scene.watch.workers.filter {
      $0.liveness == .alive && $0.events?.heartbeatDelays.isEmpty == false
    }
    guard !heard.isEmpty else {
      let isNobodyThere = snapshot.workers.value?.isEmpty == true
      if isNobodyThere, !snapshot.events.heard.isEmpty { return .healthy }
      return .unknown("no heartbeat of a worker was heard")
    }
    let lag = heard.compactMap { $0.events?.heartbeatDelays.lateness }.min() ?? .zero
    if lag > limits.seconds("lag") {
      return .unknown("events come \(lag.text) late: clocks cannot be compared")
    }
    var findings: [Finding] = []
    var doubts: [String] = []
    for worker in heard {
      guard let delays = worker.events?.heartbeatDelays, let offset = delays.min() else { continue }
      let name = worker.id.name
      guard abs(offset.value) > limits.number("difference", for: name) else { continue }
      let needed = limits.count("heartbeats", for: name)
      if offset < .zero || delays.count >= needed {
        findings.append(finding(worker, offset, delays, snapshot))
      } else {
        doubts.append("needs \(needed) heartbeats of \(name), has \(delays.count)")
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }

  private func finding(
    _ worker: SeenWorker, _ offset: Seconds, _ delays: [Seconds], _ snapshot: Snapshot
  ) -> Finding {
    let ours = snapshot.server.value?.clockOffset
    let isAhead = offset < .zero
    var message =
      "its clock is \(Seconds(abs(offset.value)).text)"
      + (isAhead ? " ahead of" : " behind") + " taskmon's"
    if let ours, abs(ours.value) > abs(offset.value) / 2, (ours < .zero) == isAhead {
      message += ", and so is that of Redis: look at the clock of this machine first"
    }
    return Finding(
      rule: Self.id, severity: .warning, subject: worker.id.name, message: message,
      since: snapshot.takenAt,
      evidence: [
        EvidenceItem("behindSeconds", .seconds(offset)),
        EvidenceItem("heartbeats", .count(delays.count)),
        EvidenceItem("redisBehindSeconds", .seconds(ours)),
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
      ],
      remedy: "let the machines follow a time server (timedatectl set-ntp true), then restart the"
        + " worker")
  }
}

extension [Seconds] {
  /// By how much the newest was later than the earliest of them; the difference of two clocks is
  /// in both.
  fileprivate var lateness: Seconds? {
    guard let newest = last, let least = self.min() else { return nil }
    return newest - least
  }
}
