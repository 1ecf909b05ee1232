import TaskmonModel
import TaskmonUnits

/// A worker runs that has registered none of the application's tasks.
package struct WorkerWithoutTasks: Rule {
  package static let id: RuleID = "worker-without-tasks"
  package static let antipattern = Antipattern.antipattern(10)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.controlReplies]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = []
  package static let page = RulePage(
    summary: "A live worker has registered no task but those Celery brings along.",
    whyItHurts: """
      autodiscover_tasks() looks for modules of one name in the packages it was given, and says \
      nothing when it finds none. The worker starts, consumes its queues, and throws every message \
      away with "Received unregistered task". Each such message is lost: it is acknowledged, and \
      nobody tries it again.
      """,
    detection: """
      A worker that lives and consumes a queue has answered the registered request, and no name in \
      its answer is other than celery.*, which every worker has.
      """,
    blindSpots: """
      A worker that has some of its tasks and misses others is not this; unregistered-task and \
      split-registry name it when messages come. Where workers are not asked (--read-only, a Redis \
      that is too full) nothing is known. A worker with no queue takes no message and is left \
      alone.
      """,
    confirm: """
      Ask the worker, look under [tasks] in what its start printed, and list what the application \
      of its -A has:

          celery -A APP inspect registered --destination celery@HOST
          journalctl -u celery | grep -A 20 '\\[tasks\\]'
          python -c 'from APP import app; app.loader.import_default_modules(); print(*app.tasks)'

      Start no second worker to see it: it would take messages and throw them away as well.
      """,
    remedy: """
      Name what is to be imported, instead of trusting that it is found:

          app = Celery("shop", include=["shop.tasks", "billing.tasks"])

      or check what autodiscovery is given: packages, not modules, and related_name where the \
      module is not called tasks. Start workers with the -A of the application that has the tasks, \
      and import Django's settings before. A test that compares app.tasks with the expected names \
      keeps it so:

          assert "shop.tasks.pay" in app.tasks
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let fleet = scene.fleet
    let ignorant = fleet.workers.filter { $0.facts.hasOwnTasks == false }
    let empty = ignorant.filter { $0.queues.value?.isEmpty == false }
    lazy var known = fleet.workers.compactMap(\.ownTasks).map(\.count).max() ?? 0
    let findings = empty.map { finding($0, others: known, snapshot.takenAt) }
    if findings.isEmpty, let gap = fleet.registryGap { return .unknown(gap) }
    if findings.isEmpty, let silent = ignorant.first(where: { $0.queues.value == nil }) {
      let reason = silent.queues.reason ?? "not told"
      return .unknown("whether \(silent.id.name), which has no task, consumes a queue: \(reason)")
    }
    return .judged(findings)
  }

  private func finding(_ worker: SeenWorker, others: Int, _ now: Timestamp) -> Finding {
    let queues = (worker.queues.value ?? []).joined(separator: ", ")
    return Finding(
      rule: Self.id, severity: .warning, subject: worker.id.name,
      message: "it has registered no task but Celery's own; every message it takes from \(queues)"
        + " is lost",
      since: worker.firstHeard,
      evidence: [
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("queues", worker.queues.value.map { .list($0) } ?? .unknown),
        EvidenceItem("tasksOfOtherWorkers", .count(others)),
        EvidenceItem("celeryVersion", .text(orUnknown: worker.softwareVersion)),
      ],
      remedy: "name the modules in include=[…] or mend autodiscover_tasks, and check -A")
  }
}
