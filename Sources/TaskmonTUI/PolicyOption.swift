import TaskmonModel
import TaskmonUnits

/// One thing that holds for a task: how it is called, how its values read, and who may set it.
struct PolicyOption: Sendable {
  /// A value in words, in a few cells, and who says so.
  struct Told: Sendable, Hashable {
    var words: String
    var short: String
    /// What it amounts to in its column's unit; nil where it is a word.
    var amount: Double?
    var source: PolicySource
    /// It is what nobody asked for and seldom anybody wants.
    var isBare = false
  }

  let name: String
  /// The task's option and the worker's setting.
  let option: String
  let setting: String
  /// The worker's switch; nil where it has none.
  let commandSwitch: String?
  let told: @Sendable (TaskPolicy) -> Observation<Told>

  static let all = [acksLate, requeues, retries, softLimit, hardLimit, result, rate]

  static let acksLate = PolicyOption(
    name: "acknowledged", option: "acks_late", setting: "task_acks_late", commandSwitch: nil
  ) { policy in
    policy.acksLate.map { ruling in
      Told(
        words: ruling.value ? "late, when it has run" : "early, before it runs",
        short: ruling.value ? "yes" : "no", source: ruling.source, isBare: !ruling.value)
    }
  }

  static let requeues = PolicyOption(
    name: "process killed", option: "reject_on_worker_lost",
    setting: "task_reject_on_worker_lost", commandSwitch: nil
  ) { policy in
    policy.rejectsOnWorkerLost.map { ruling in
      Told(
        words: ruling.value ? "back into its queue" : "not run again",
        short: ruling.value ? "yes" : "no", source: ruling.source, isBare: !ruling.value)
    }
  }

  static let retries = PolicyOption(
    name: "failed", option: "autoretry_for, max_retries", setting: "", commandSwitch: nil
  ) { policy in
    policy.retries.map { ruling in
      let most = ruling.value.most.map { "\($0)" }
      guard ruling.value.byItself else {
        let end = most.map { ", then at most \($0) times" } ?? ", then without end"
        return Told(
          words: "tried again only if its code asks for it" + end, short: "no",
          source: ruling.source, isBare: true)
      }
      return Told(
        words: "tried again " + (most.map { "at most \($0) times" } ?? "without end"),
        short: most.map { "auto \($0)" } ?? "endless", source: ruling.source)
    }
  }

  static let softLimit = PolicyOption(
    name: "soft limit", option: "soft_time_limit", setting: "task_soft_time_limit",
    commandSwitch: "--soft-time-limit"
  ) { limit($0.softLimit) }

  static let hardLimit = PolicyOption(
    name: "hard limit", option: "time_limit", setting: "task_time_limit",
    commandSwitch: "--time-limit"
  ) { limit($0.hardLimit) }

  private static func limit(_ limit: Observation<Ruling<Seconds?>>) -> Observation<Told> {
    limit.map { ruling in
      guard let limit = ruling.value else {
        return Told(
          words: "none", short: "none", amount: .infinity, source: ruling.source, isBare: true)
      }
      return Told(
        words: limit.text, short: limit.compact, amount: limit.value, source: ruling.source)
    }
  }

  static let result = PolicyOption(
    name: "result", option: "ignore_result", setting: "result_expires", commandSwitch: nil
  ) { policy in
    policy.result.map { ruling in
      let (words, short) =
        switch ruling.value {
        case .ignored: ("thrown away", "no")
        case .nowhere: ("not kept: the settings name no result_backend", "no backend")
        case .expiring(let expiry): ("kept for \(expiry.text)", expiry.compact)
        case .forever: ("kept for ever", "for ever")
        }
      return Told(words: words, short: short, source: ruling.source)
    }
  }

  static let rate = PolicyOption(
    name: "rate limit", option: "rate_limit", setting: "task_default_rate_limit",
    commandSwitch: nil
  ) { policy in
    policy.rateLimit.map { ruling in
      Told(
        words: ruling.value.map { "\($0) on each worker" } ?? "none",
        short: ruling.value ?? "none", source: ruling.source, isBare: ruling.value == nil)
    }
  }

  /// `the task's time_limit`, `task_time_limit in the worker's settings`.
  func words(_ source: PolicySource) -> String {
    switch source {
    case .message: "\(option) in its message"
    case .task: "the task's own \(option)"
    case .setting: "\(setting) in the worker's settings"
    case .commandLine: "\(commandSwitch ?? "a switch") on the worker's command line"
    case .standard: "Celery's default"
    case .taskOrSetting: "the task's own \(option) or the worker's settings"
    }
  }
}
