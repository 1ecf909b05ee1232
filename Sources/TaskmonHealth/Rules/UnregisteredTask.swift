import TaskmonModel
import TaskmonUnits

/// A task is published that no worker knows; its messages are thrown away.
package struct UnregisteredTask: Rule {
  package static let id: RuleID = "unregistered-task"
  package static let antipattern = Antipattern.antipattern(10)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.resultScan, .controlReplies]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("recent", Seconds.hours(1), help: "how long ago a stored failure may have happened"),
    Threshold(
      "waiting", Seconds.minutes(10), help: "a message that no consumer knows has waited so long"),
  ]
  package static let page = RulePage(
    summary: "Messages of a task come that the workers who take them have not registered.",
    whyItHurts: """
      A worker that gets a task it does not know logs an error, acknowledges the message and \
      forgets it. delay() has succeeded, the work is lost, and only the log of one worker says so. \
      It comes with a module that autodiscovery has missed, a renamed task whose old messages are \
      still on their way, and a deploy in which the publisher is newer than the workers.
      """,
    detection: """
      A stored result or a task-failed event of the last hour is a NotRegistered, which names the \
      task; the finding ends an hour after the last failure. Or for 10 min a message of a task has \
      waited in a queue each time it was looked at, and none of the queue's consumers, those of \
      the last two minutes apart, has registered it: it will be lost when it is taken.
      """,
    blindSpots: """
      Workers that send task events (-E) tell of every such failure while taskmon listens. Else \
      failures are read from the result backend, of whose results a sample is read in each pass: \
      where none is configured, or very many are stored, a lost message may leave no trace that is \
      seen. Of the waiting messages only the next and the newest of each queue are looked at.
      """,
    confirm: """
      See what the workers know, and what they complained of:

          celery -A APP inspect registered
          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1
          journalctl -u celery | grep 'Received unregistered task'
          redis-cli -u redis://HOST:6379/1 GET celery-task-meta-TASK_ID

      The last asks the database of result_backend: exc_type is NotRegistered.
      """,
    remedy: """
      Let the workers import the module, and check it in a test:

          app = Celery("shop", include=["shop.tasks", "billing.tasks"])

      Publishing by name needs the whole name, shop.tasks.pay, as registered shows it. When a task \
      is renamed, keep the old name for the time its messages may live:

          app.task(name="shop.tasks.charge")(pay)

      Deploy workers before publishers. What was lost has to be published again: the result's id \
      and the publisher's log tell what it was.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let fleet = scene.fleet
    let lost = Self.failures(snapshot).compactMap { failures -> Finding? in
      guard let latest = failures.latest,
        snapshot.takenAt - latest <= limits.seconds("recent", for: failures.name)
      else { return nil }
      return finding(failures, latest, fleet)
    }
    let findings = lost + waiting(scene, limits)
    if findings.isEmpty, let doubt = doubt(fleet, snapshot) { return .unknown(doubt) }
    return .judged(findings)
  }

  private func doubt(_ fleet: LiveFleet, _ snapshot: Snapshot) -> String? {
    let isHeard =
      snapshot.tasks.value != nil
      && fleet.workers.allSatisfy { $0.sendsTaskEvents.value == true }
    guard !isHeard || fleet.workers.isEmpty else { return fleet.consumersGap }
    guard case .value(let results) = snapshot.results else {
      return "not all workers send task events, and stored results:"
        + " \(snapshot.results.reason ?? "not scanned")"
    }
    guard results.completedPasses > 0 else { return "no scan of the results is complete yet" }
    return fleet.consumersGap
  }

  /// By task, from the results that are stored and from the events that were heard.
  private static func failures(_ snapshot: Snapshot) -> [StoredMark] {
    var marks = Dictionary(
      (snapshot.results.value?.unregistered ?? []).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let heard = (snapshot.tasks.value?.failures ?? []).filter {
      $0.exceptionClass == "NotRegistered"
    }
    for (name, failures) in Dictionary(grouping: heard, by: { $0.task ?? "" }) where name != "" {
      guard let latest = failures.max(by: { $0.at < $1.at }) else { continue }
      // The same failures are told by both.
      var mark =
        marks[name] ?? StoredMark(name: name, count: 0, latest: nil, latestID: latest.id)
      mark.count = max(mark.count, failures.count)
      if mark.latest.map({ $0 < latest.at }) ?? true {
        mark.latest = latest.at
        mark.latestID = latest.id
      }
      marks[name] = mark
    }
    return marks.values.sorted { $0.name < $1.name }
  }

  private func finding(_ failures: StoredMark, _ latest: Timestamp, _ fleet: LiveFleet) -> Finding {
    let knowing = fleet.workers.filter { $0.facts.knows(failures.name) == true }
    let noun = failures.count == 1 ? "message" : "messages"
    let others =
      knowing.isEmpty
      ? "no worker knows it" : "only some workers know it"
    return Finding(
      rule: Self.id, severity: .critical, subject: failures.name,
      message: "\(failures.count.grouped) \(noun) of it failed with NotRegistered: \(others)",
      since: latest,
      evidence: [
        EvidenceItem("failures", .count(failures.count)),
        EvidenceItem("taskID", .text(failures.latestID)),
        EvidenceItem("registeredBy", .list(Array(knowing.map(\.id.name).prefix(20)))),
        EvidenceItem("workersAlive", .count(fleet.workers.count)),
      ],
      remedy: "import its module in the workers (include=[…]), or publish it under the name that"
        + " is registered")
  }

  private func waiting(_ scene: Scene, _ limits: ThresholdValues) -> [Finding] {
    let (history, snapshot, fleet) = (scene.history, scene.snapshot, scene.fleet)
    let isKnown = fleet.workers.allSatisfy { $0.queues.value != nil }
    lazy var consumers = isKnown ? fleet.consumerNames : [:]
    return (scene.queues.value ?? []).compactMap { queue in
      let tasks = history.registries[queue.name]?.tasks ?? [:]
      let since = tasks.compactMap { name, sighting in
        sighting.unknownSince.map { (name: name, since: $0) }
      }
      guard let first = since.min(by: { ($0.since, $0.name) < ($1.since, $1.name) }),
        snapshot.takenAt - first.since >= limits.seconds("waiting", for: queue.name)
      else { return nil }
      let ends = [queue.head?.value, queue.newest?.value].compactMap(\.self)
      let message = ends.first { $0.task == first.name }
      return Finding(
        rule: Self.id, severity: .critical, subject: queue.name,
        message: "a message of \(first.name) waits, and no consumer of this queue knows the task:"
          + " it will be thrown away",
        since: first.since,
        evidence: [
          EvidenceItem("task", .text(first.name)),
          EvidenceItem("tasks", .list(Array(since.map(\.name).sorted().prefix(20)))),
          EvidenceItem("ready", .count(queue.ready)),
          EvidenceItem("consumers", .list(Array((consumers[queue.name] ?? []).prefix(20)))),
          EvidenceItem("publisher", .text(orUnknown: message?.origin)),
        ],
        remedy: "start workers that import its module before these messages are taken")
    }
  }
}
