import TaskmonModel
import TaskmonUnits

/// Workers stand by for a day and nobody gives them anything to do.
package struct IdleFleet: Rule {
  package static let id: RuleID = "idle-fleet"
  package static let antipattern = Antipattern.antipattern(8)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.window(Seconds.hours(24)), .controlReplies]
  package static let severities: [Severity] = [.info]
  package static let thresholds: [Threshold] = [
    Threshold("quiet", Seconds.hours(24), help: "nothing was published for longer")
  ]
  package static let page = RulePage(
    summary: "Workers are online and know tasks, and nothing has been published for a day.",
    whyItHurts: """
      Either the workers are not needed, or the work happens elsewhere: in BackgroundTasks of the \
      web framework, in threads, in eager mode, or in another broker database. That work is lost \
      with its web process, is not retried, and is seen by nobody. A fleet that waits on the wrong \
      database looks the same, and so does a publisher that has been broken since yesterday.
      """,
    detection: """
      Live workers have registered tasks, and for 24 h no message was seen to come: no queue grew, \
      no head changed, no worker's count went up, no task event was heard. The time is remembered \
      between runs of check; a longer break than an hour begins it anew.
      """,
    blindSpots: """
      In-process work leaves nothing in Redis: that nothing is published is all that shows. What \
      comes and goes between two looks is seen by the workers' own counts. A shop that really \
      sleeps for a day, such as one over the holidays, is told as well; it is an info and changes \
      no exit code.
      """,
    confirm: """
      See whether anything was ever run, and what the publishers use:

          celery -A APP inspect stats | grep -A 5 '"total": {'
          redis-cli -u redis://HOST:6379/0 INFO commandstats | grep -E 'lpush|brpop'
          grep -rn 'BackgroundTasks\\|add_task' --include '*.py' .
      """,
    remedy: """
      Publish the work as tasks, so that it survives a restart and is retried:

          send_mail.delay(order.pk)          # not background_tasks.add_task(send_mail, order)

      Check that publishers and workers have the same broker URL and database. Workers that nobody \
      needs can be stopped.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let fleet = scene.fleet
    if let gap = fleet.gap { return .unknown(gap) }
    guard !fleet.workers.isEmpty else { return .healthy }
    let limit = limits.seconds("quiet")
    guard let since = history.activity.quietSince else { return .healthy }
    let quiet = snapshot.takenAt - since
    guard quiet > limit else {
      let isBusy = history.activity.busyAt.map { snapshot.takenAt - $0 <= limit } ?? false
      return isBusy
        ? .healthy : .unknown("needs \(limit.text) of observation, has \(max(.zero, quiet).text)")
    }
    let tasks = Set(fleet.workers.flatMap { ($0.ownTasks ?? []).map(\.name) })
    guard !tasks.isEmpty else { return fleet.registryGap.map(Verdict.unknown) ?? .healthy }
    return .findings([finding(fleet, tasks, since, quiet)])
  }

  private func finding(
    _ fleet: LiveFleet, _ tasks: Set<String>, _ since: Timestamp, _ quiet: Seconds
  ) -> Finding {
    let count = fleet.workers.count
    let noun = count == 1 ? "worker is" : "workers are"
    let known = tasks.count == 1 ? "1 task" : "\(tasks.count.grouped) tasks"
    return Finding(
      rule: Self.id, severity: .info, subject: "broker",
      message: "\(count.grouped) \(noun) online with \(known) registered, and nothing"
        + " has been published for \(quiet.text)",
      since: since,
      evidence: [
        EvidenceItem("quietSeconds", .seconds(quiet)),
        EvidenceItem("workers", .list(Array(fleet.workers.map(\.id.name).sorted().prefix(20)))),
        EvidenceItem("tasksRegistered", .count(tasks.count)),
      ],
      remedy: "publish the work as tasks, or check that publishers use this broker and database")
  }
}
