import TaskmonModel
import TaskmonUnits

/// Tasks print instead of logging.
package struct PrintInTask: Rule {
  package static let id: RuleID = "print-in-task"
  package static let antipattern = Antipattern.antipattern(5)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .workerLogs]
  package static let severities: [Severity] = [.warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("redirected", 1, .count, help: "lines in 10m that the log itself calls redirected"),
    Threshold(
      "lines", 10, .count, help: "lines in 10m that look redirected, where nothing else does"),
    Threshold(
      "window", Seconds.minutes(10), help: "read for this long before none is health"),
  ]
  package static let page = RulePage(
    summary: "Tasks print instead of logging, so their words have no task, no level and no logger.",
    whyItHurts: """
      What a task prints goes through worker_redirect_stdouts into the worker's log as a WARNING \
      of celery.redirected: without the task's name and id, every print at the same level, and a \
      print of several values as several lines. Nobody can filter it, find the run it belongs to, \
      or tell it from a real warning, and warnings that matter drown in it.
      """,
    detection: """
      The logs given with --worker-log are followed. Where the log's format names the logger and \
      it is celery.redirected, in a process of the pool, one line in 10 min is enough. In \
      Celery's default format a line of a pool's process at the level of redirected output, \
      without a task in front, may as well come from a plain logger: a warning is given for 10 or \
      more of them in 10 min from a worker whose pool has written no such line at any other level; \
      else it is info. Celery's own lines, Python's warnings and the faults that Python reports on \
      standard error do not count. A worker with worker_redirect_stdouts = False is named as info: \
      its prints carry no mark at all.
      """,
    blindSpots: """
      Redis knows nothing of prints, and without --worker-log neither does taskmon. Lines that a \
      program writes to the descriptor itself, beside sys.stdout, are not seen. In pools of \
      threads and greenlets, and in solo pools, tasks write as the main process: only a format \
      that names the logger tells their prints. Whose log it is, is known from the tasks it \
      names, from the worker's start in it, or from the file's name; else the finding names the \
      file.
      """,
    confirm: """
      Look at lines without a task's name and id in front:

          grep 'WARNING/ForkPoolWorker' /var/log/celery/w1.log | grep -v ']: '
          celery -A APP inspect conf true | grep redirect_stdouts
      """,
    remedy: """
      Log through the task's logger, which puts the task's name and id in front:

          from celery.utils.log import get_task_logger
          logger = get_task_logger(__name__)

          @app.task
          def fetch(url):
              logger.info("fetching %s", url)

      To know for certain which lines are prints, let the format name the logger:

          worker_log_format = (
              "[%(asctime)s: %(levelname)s/%(processName)s] %(name)s: %(message)s")
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    guard let logs = snapshot.workerLogs else {
      return .unknown("no worker log is read: give --worker-log GLOB")
    }
    guard logs.readAt != nil else { return .unknown("the worker logs were not read yet") }
    let read = ReadLogs(logs, scene)
    let findings = read.subjects.compactMap { finding($0, snapshot, limits) }
    guard findings.isEmpty else { return .findings(findings) }
    if let doubt = read.doubt(over: limits.seconds("window")) { return .unknown(doubt) }
    return .healthy
  }

  private func finding(
    _ log: SubjectLog, _ snapshot: Snapshot, _ limits: ThresholdValues
  ) -> Finding? {
    if let lines = log.redirected, lines >= log.scaled(limits.count("redirected", for: log.name)) {
      return make(
        log, .warning, lines,
        "\(Self.lines(lines)) of standard output in \(log.heard.text)\(log.mainlyIn)", snapshot)
    }
    if log.settings?.redirectsOutput == false {
      return make(
        log, .info, 0,
        "worker_redirect_stdouts is off: what its tasks print carries no mark, so no log tells",
        snapshot)
    }
    if log.unclear > 0 {
      return make(
        log, .info, log.unclear,
        "\(Self.lines(log.unclear)) of standard output in \(log.heard.text), by the main process:"
          + " perhaps not in tasks, as its pool is not known", snapshot)
    }
    return plainFinding(log, snapshot, limits)
  }

  /// Lines that name no logger.
  private func plainFinding(
    _ log: SubjectLog, _ snapshot: Snapshot, _ limits: ThresholdValues
  ) -> Finding? {
    let least = log.scaled(limits.count("lines", for: log.name))
    let lines = log.plain
    if lines >= least, log.otherLevels.isEmpty {
      return make(
        log, .warning, lines,
        "\(Self.lines(lines)) that \(lines == 1 ? "looks" : "look") printed in"
          + " \(log.heard.text)\(log.mainlyIn)", snapshot)
    }
    let certain = "; %(name)s in worker_log_format makes it certain"
    if lines > 0 {
      return make(
        log, .info, lines,
        "\(Self.lines(lines)) in \(log.heard.text) may be printed or a plain logger's\(certain)",
        snapshot)
    }
    guard log.plainInMain >= least else { return nil }
    return make(
      log, .info, log.plainInMain,
      "\(Self.lines(log.plainInMain)) in \(log.heard.text) may be printed, a plain logger's or"
        + " the worker's own\(certain)", snapshot)
  }

  private static func lines(_ count: Int) -> String {
    count == 1 ? "1 line" : "\(count.grouped) lines"
  }

  private func make(
    _ log: SubjectLog, _ severity: Severity, _ lines: Int, _ message: String,
    _ snapshot: Snapshot
  ) -> Finding {
    Finding(
      rule: Self.id, severity: severity, subject: log.name, message: message,
      since: log.window.counted.start,
      evidence: [
        EvidenceItem("lines", .count(lines)),
        EvidenceItem("heardSeconds", .seconds(log.heard)),
        EvidenceItem("level", .text(log.level)),
        EvidenceItem("otherLevels", .list(log.otherLevels)),
        EvidenceItem("formatNamesLogger", log.namesLoggers.map { .flag($0) } ?? .unknown),
        EvidenceItem("tasks", .list(log.tasks.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem(
          "processes",
          .list(log.counts.processes.mostFrequent.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem("taskLoggerLines", .count(log.counts.ofTasks)),
        EvidenceItem("files", .list(Array(log.files.prefix(8)))),
      ],
      remedy: severity == .info
        ? "name the logger in worker_log_format (%(name)s), and log with get_task_logger(__name__)"
        : "log with get_task_logger(__name__) instead of print")
  }
}
