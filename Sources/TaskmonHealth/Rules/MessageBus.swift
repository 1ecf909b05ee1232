import TaskmonModel
import TaskmonUnits

/// Tasks are used to tell several services of one event.
package struct MessageBus: Rule {
  package static let id: RuleID = "message-bus"
  package static let antipattern = Antipattern.antipattern(12)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [
    .window(Seconds.minutes(10)), .events, .controlReplies,
  ]
  package static let severities: [Severity] = [.warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("fanouts", 10, .count, help: "payloads that went to three queues at once, at least"),
    Threshold("rate", 100, .count, help: "info: runs a second of a task, at least"),
    Threshold("milliseconds", 10, .count, help: "info: and half of its runs take less than this"),
    Threshold(
      "window", Seconds.minutes(10),
      help: "heard for this long before none is health; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "One event is published as a task to the queues of several services.",
    whyItHurts: """
      A task is an order to one worker, not news for whoever wants it. Who publishes one copy for \
      each service has to know them all, and a new one needs a deploy of the publisher. A service \
      that is gone leaves a queue that fills for ever; the same name has to be registered in code \
      bases that share nothing else; and a broadcast that nobody listens to at the moment is lost, \
      which no retry mends. Redis does a stream for a tenth of the cost of a task.
      """,
    detection: """
      Within the last 10 min of the event stream the same arguments, of 64 bytes or more as they \
      are printed, went from one publisher to three or more queues within 2 s, 10 times or more; \
      the queues have different consumers, and messages of them that were seen are not parts of a \
      group. Where none of the messages was seen it is told as info. So are queues of a broadcast, \
      and a task that runs 100 times a second or more, half of the runs in less than 10 ms, and \
      stores no result: that is a message, not work.
      """,
    blindSpots: """
      Where publishers send no task-sent events, what workers receive stands for it, from those \
      that consume one queue only; who published is not known then. Arguments that differ in an id \
      or a time for each copy are not recognised, nor are those shorter than 64 bytes. Events do \
      not tell whether a task is a part of a group: only messages do that are seen while they \
      wait or are held. Services with a Redis or key prefix of their own are not seen.
      """,
    confirm: """
      See the same arguments go to several queues, and who takes from them:

          celery -A APP events --dump | grep 'task sent'
          celery -A APP inspect active_queues
          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1
      """,
    remedy: """
      Publish the event once, to something made for it, and let each service read at its own pace:

          redis.xgroup_create("orders", "billing", id="0", mkstream=True)   # once a service
          redis.xadd("orders", {"event": json.dumps(event)}, maxlen=100_000, approximate=True)
          redis.xreadgroup("billing", consumer, {"orders": ">"}, count=100, block=5000)
          redis.xack("orders", "billing", entry_id)

      A service that needs Celery for the work starts its own task from there. Several tasks that \
      belong together in one application are a group:

          group(resize.s(image), scan.s(image), index.s(image)).apply_async()

      Tiny tasks: hand over a hundred at a time, task.chunks(zip(items), 100).apply_async().
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    let fleet = scene.fleet
    lazy var consumers = Consumers(
      fleet, of: Set(heard.marked.lazy.flatMap(\.tally.marks.fanouts.keys).joined()))
    var doubt = fleet.gap
    var findings: [Finding] = []
    for (name, tally) in heard.marked where !tally.marks.fanouts.isEmpty {
      let fanouts = Fanouts(tally.marks.fanouts, consumers)
      let least = max(1, limits.count("fanouts", for: name))
      guard fanouts.all >= least else { continue }
      if let gap = consumers.gap {
        doubt = doubt ?? gap
      } else {
        findings.append(
          finding(name, fanouts, fanouts.proved >= least ? .warning : .info, heard, snapshot))
      }
    }
    findings += broadcasts(fleet, snapshot) + tiny(fleet, snapshot, limits)
    if findings.isEmpty, let reason = doubt ?? silence(fleet, snapshot) {
      return .unknown(heard.missing(limits.seconds("window")) ?? reason)
    }
    return heard.verdict(findings, over: limits.seconds("window"))
  }

  /// Why what is published is not heard; nil where it is.
  private func silence(_ fleet: LiveFleet, _ snapshot: Snapshot) -> String? {
    guard snapshot.events.taskEventCounts["task-sent"] ?? 0 == 0 else { return nil }
    for worker in fleet.workers {
      guard case .value(let queues) = worker.queues else {
        return "the queues of \(worker.id.name): \(worker.queues.reason ?? "not told")"
      }
      if queues.count > 1 {
        return "no publisher sends task-sent events (task_send_sent_event), and \(worker.id.name)"
          + " consumes several queues"
      }
    }
    return nil
  }

  private func finding(
    _ task: String, _ fanouts: Fanouts, _ severity: Severity, _ heard: HeardTasks,
    _ snapshot: Snapshot
  ) -> Finding {
    let count = severity == .warning ? fanouts.proved : fanouts.all
    let names = fanouts.queues.prefix(5).joined(separator: ", ")
    let unless = severity == .warning ? "" : ", unless they are parts of a group"
    return Finding(
      rule: Self.id, severity: severity, subject: task,
      message: "\(count.grouped) times in \(heard.heard.text) the same arguments went to the queues"
        + " of different workers at once (\(names))\(unless)",
      since: snapshot.takenAt,
      evidence: [
        EvidenceItem("fanouts", .count(fanouts.all)),
        EvidenceItem("queues", .list(Array(fanouts.queues.prefix(20)))),
        EvidenceItem("seenSingle", .count(fanouts.single)),
        EvidenceItem("seenInGroups", .count(fanouts.parts)),
        EvidenceItem("sent", .count(heard.window?.tasks[task]?.counts.sent ?? 0)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "publish the event once, to a stream (XADD, one consumer group for each service);"
        + " tasks that belong together are a group")
  }

  private func broadcasts(_ fleet: LiveFleet, _ snapshot: Snapshot) -> [Finding] {
    var listeners: [String: [SeenWorker]] = [:]
    for worker in fleet.workers {
      for name in worker.broadcasts { listeners[name, default: []].append(worker) }
    }
    return listeners.sorted { $0.key < $1.key }.map { name, workers in
      let noun = workers.count == 1 ? "worker listens" : "workers listen"
      return Finding(
        rule: Self.id, severity: .info, subject: name,
        message: "\(workers.count.grouped) \(noun) to this broadcast: who is away when it is"
          + " published never gets it",
        since: workers.compactMap(\.queuesToldAt).min() ?? snapshot.takenAt,
        evidence: [
          EvidenceItem("workers", .list(Array(workers.map(\.id.name).sorted().prefix(20)))),
          EvidenceItem("listeners", .count(workers.count)),
        ],
        remedy: "use a stream where news must arrive; a broadcast is for hints that may be lost")
    }
  }

  private func tiny(
    _ fleet: LiveFleet, _ snapshot: Snapshot, _ limits: ThresholdValues
  ) -> [Finding] {
    guard let statistics = snapshot.tasks.value,
      statistics.minute.heard >= Self.leastHeard
    else { return [] }
    let busy = statistics.tasks.filter { facts in
      let rate = statistics.minute.rate(of: facts.minute.started) ?? 0
      return rate > 0 && rate >= limits.number("rate", for: facts.name)
        && facts.runtime.map {
          $0.p50 < .milliseconds(limits.number("milliseconds", for: facts.name))
        } ?? false
    }
    let told = fleet.registrations(of: Set(busy.map(\.name)))
    return busy.compactMap { facts in
      let answers = (told[facts.name] ?? []).compactMap(\.ignoresResult)
      guard !answers.isEmpty, !answers.contains(false) else { return nil }
      return tinyFinding(facts, statistics.minute, snapshot)
    }
  }

  private func tinyFinding(
    _ facts: TaskFacts, _ minute: CountedTime, _ snapshot: Snapshot
  ) -> Finding {
    let rate = minute.rate(of: facts.minute.started) ?? 0
    return Finding(
      rule: Self.id, severity: .info, subject: facts.name,
      message: "\(Int(min(rate, 1e15)).grouped) runs a second, half of them within"
        + " \(Self.milliseconds(facts.runtime?.p50 ?? .zero)) ms, and no result is stored:"
        + " messages rather than work",
      since: snapshot.takenAt,
      evidence: [
        EvidenceItem("runsPerSecond", .number(rate)),
        EvidenceItem("medianSeconds", .seconds(facts.runtime?.p50)),
        EvidenceItem("ignoresResult", .flag(true)),
      ],
      remedy: "hand over many at a time (task.chunks), or use a stream")
  }

  /// Rounded up, never 0.
  private static func milliseconds(_ time: Seconds) -> Int {
    Int(min(max(1, (time.value * 1000).rounded(.up)), 1e15))
  }

  /// A rate of less than this says little.
  private static let leastHeard = Seconds(30)
}

/// Who takes from which queue.
private struct Consumers {
  private var names: [String: Set<String>] = [:]
  /// Why that is not known; nil where it is.
  let gap: String?

  init(_ fleet: LiveFleet, of queues: Set<String>) {
    gap = fleet.queuesGap
    for worker in fleet.workers {
      for queue in worker.queues.value ?? [] where queues.contains(queue) {
        names[queue, default: []].insert(worker.id.name)
      }
    }
  }

  /// Whether no two of these queues have the same workers; a queue without any is nobody else's.
  func differ(_ queues: [String]) -> Bool {
    let consumed = queues.compactMap { names[$0] }
    return Set(consumed).count == consumed.count
  }
}

/// The fan-outs of one task to queues with different consumers.
private struct Fanouts {
  private(set) var all = 0
  private(set) var single = 0
  private(set) var parts = 0
  /// Of all, as many as are no groups by what was seen.
  private(set) var proved = 0
  let queues: [String]

  init(_ routes: [[String]: FanoutCounts], _ consumers: Consumers) {
    var names: Set<String> = []
    for (route, counts) in routes where consumers.differ(route) {
      let seen = counts.single.addingClamped(counts.parts)
      // What was seen stands for the rest.
      let share = seen > 0 ? Double(counts.single) / Double(seen) : 1
      let count = Int(min(Double(max(0, counts.count)) * share, 1e15).rounded())
      guard count > 0 else { continue }
      all = all.addingClamped(count)
      if counts.single > 0 { proved = proved.addingClamped(count) }
      single = single.addingClamped(counts.single)
      parts = parts.addingClamped(counts.parts)
      names.formUnion(route)
    }
    queues = names.sorted()
  }
}
