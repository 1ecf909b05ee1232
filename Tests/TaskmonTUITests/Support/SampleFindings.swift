import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits

extension SampleData {
  static let multipleBeats = Finding(
    rule: "multiple-beats", severity: .critical, subject: "refresh-prices",
    message: "published by 2 processes: gen41@web1, gen977@web2", since: ago(252),
    evidence: [
      EvidenceItem("publishers", .list(["gen41@web1", "gen977@web2"])),
      EvidenceItem("periodSeconds", .seconds(Seconds(30))),
      EvidenceItem("alternations", .count(8)), EvidenceItem("runCount", .unknown),
    ],
    remedy: "Run exactly one beat, or give all of them RedBeat's lock.")

  static let stuckTask = Finding(
    rule: "stuck-task", severity: .critical, subject: "billing.sync",
    message: "running 14m 10s on celery@w3, hard limit 60s", since: ago(780),
    evidence: [
      EvidenceItem("taskID", .text("5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11")),
      EvidenceItem("worker", .text("celery@w3")), EvidenceItem("pid", .count(331)),
      EvidenceItem("runningSeconds", .number(850.2)),
      EvidenceItem("hardLimitSeconds", .number(60)), EvidenceItem("acknowledged", .flag(true)),
    ],
    remedy: "Give the task a limit its pool can enforce, and make its calls time out.")

  static let oversizedResult = Finding(
    rule: "oversized-result", severity: .warning, subject: "reports.render",
    message: "3.4 MiB stored, 212 MiB in all", since: ago(1_860),
    evidence: [
      EvidenceItem("largestBytes", .bytes(ByteCount(3_565_158))),
      EvidenceItem("totalBytes", .bytes(ByteCount(222_298_112))),
      EvidenceItem("ratio", .number(0.123456)),
    ],
    remedy: "Store the report elsewhere and return its name.")

  static let lostWorker = Finding(
    rule: "lost-worker", severity: .info, subject: "celery@w3",
    message: "no heartbeat for 1m 34s; another worker took its queues", since: ago(94),
    evidence: [EvidenceItem("pid", .count(331))], remedy: "Look at the host.")

  static let unknownRules = [
    UnknownRule(rule: "result-without-expiry", missing: "one full pass over the results is needed"),
    UnknownRule(rule: "split-registry", missing: "no worker answered the inspect request"),
  ]

  static let troubled = HealthReport(
    takenAt: now, observed: Seconds(7200),
    findings: [
      multipleBeats, stuckTask, oversizedResult, lostWorker,
      Finding(
        rule: "queue-without-consumers", severity: .warning, subject: "reports",
        message: "7 messages wait and nobody takes them", since: ago(900), evidence: [],
        remedy: "Start a worker with -Q reports.", endedAt: ago(20)),
    ],
    unknown: unknownRules, healthy: ["broker-unreachable", "no-celery-here"])

  static let stuckTaskPage = RulePage(
    summary: "A task runs far longer than its limit allows.",
    whyItHurts: """
      A slot is gone for as long as it hangs, and what waits behind it in the worker's prefetch \
      waits too.

      With acks_late the message comes back after the visibility timeout and hangs another slot.
      """,
    detection: "An `active` reply newer than the start lists the run.",
    blindSpots: "Threads and solo pools cannot enforce limits.",
    confirm: """
      Ask the worker:

          celery -A proj inspect active -d celery@w3
      """,
    remedy: "Set task_time_limit and task_soft_time_limit.")

  @Sendable static func page(of rule: RuleID) -> RulePage? {
    rule == "stuck-task" ? stuckTaskPage : nil
  }
}
