import TaskmonHealth
import TaskmonTUI
import TaskmonUnits

/// Everything that can be set: flags, variables, keys of the file and the README's table.
package enum Settings {
  package static let all: [Setting] = connection + console + checking + serving + exporter + demo

  /// The setting a command has under a name, which must exist.
  package static func named(_ name: String, of command: CommandName? = nil) -> Setting {
    let found = all.first { setting in
      setting.name == name && (command.map(setting.commands.contains) ?? true)
    }
    precondition(found != nil, "there is no setting \(name)")
    return found ?? all[0]
  }

  private static let connection: [Setting] = [
    Setting(
      "config", .path, for: Set(CommandName.allCases), isInFile: false,
      help: "The configuration file, instead of the usual places.",
      discussion: "$XDG_CONFIG_HOME/taskmon/config.yaml, else /etc/taskmon/taskmon.yaml."),
    Setting(
      "broker", .namedRedis, for: CommandName.observing, standard: "redis://localhost:6379/0",
      foreign: ["CELERY_BROKER_URL", "CE_BROKER_URL"],
      help: "The broker, as Celery writes it; NAME=URL gives it a name."),
    Setting(
      "backend", .redis, for: CommandName.observing, foreign: ["CELERY_RESULT_BACKEND"],
      help: "The result backend; else what a worker tells, else the broker."),
    Setting(
      "key-prefix", .text, for: CommandName.observing, value: "prefix",
      help: "The broker's global_keyprefix."),
    Setting(
      "result-key-prefix", .text, for: CommandName.observing, value: "prefix",
      help: "The result backend's global_keyprefix."),
    Setting(
      "username", .text, for: CommandName.observing, value: "name",
      help: "The Redis user, instead of the URL's."),
    Setting(
      "password-file", .path, for: CommandName.observing,
      help: "A file whose first line is the password."),
    Setting(
      "sentinel-master", .text, for: CommandName.observing, value: "name",
      help: "The name the sentinels of a sentinel:// URL know the master by."),
    Setting(
      "sentinel-username", .text, for: CommandName.observing, value: "name",
      help: "Our user at the sentinels, instead of the URL's."),
    Setting(
      "sentinel-password-file", .path, for: CommandName.observing,
      help: "A file whose first line is the password at the sentinels."),
    Setting(
      "sentinel-tls", .flag, for: CommandName.observing,
      help: "Speak TLS to the sentinels; --ca-cert and the like say how."),
    Setting(
      "ca-cert", .path, for: CommandName.observing,
      help: "TLS: the authorities to trust, instead of the system's."),
    Setting(
      "cert", .path, for: CommandName.observing,
      help: "TLS: our certificate, for a server that asks for one."),
    Setting(
      "key", .path, for: CommandName.observing,
      help: "TLS: the certificate's key, where that is in a file of its own."),
    Setting(
      "tls-server-name", .text, for: CommandName.observing, value: "name",
      help: "TLS: the name to find in the server's certificate, instead of the URL's host."),
    Setting(
      "insecure-skip-verify", .flag, for: CommandName.observing,
      help: "TLS: check nothing of the server's certificate; whoever is between can read all."),
    Setting(
      "read-only", .flag, for: CommandName.observing,
      help: "Write nothing at all: no worker is asked, so less is known."),
    Setting(
      "enable-events", .flag, for: CommandName.observing,
      help: "Ask workers that send no task events to send them, until they end."),
    Setting(
      "inspect-interval", .duration(atLeast: Seconds(1)), for: CommandName.observing,
      standard: "30s", help: "How often workers are asked."),
    Setting(
      "visibility-timeout", .duration(atLeast: Seconds(1)), for: CommandName.observing,
      help: "The broker's visibility_timeout, where no worker tells it."),
    Setting(
      "sep", .text, for: CommandName.observing, value: "text",
      help: "The broker's sep, instead of what workers tell."),
    Setting(
      "priority-steps", .steps, for: CommandName.observing, isList: true,
      help: "The broker's priority_steps, as in 0,3,6,9, instead of what workers tell."),
    Setting(
      "fanout-prefix", .text, for: CommandName.observing, value: "text", standard: "true",
      help: "The broker's fanout_prefix: true, false or a text."),
    Setting(
      "fanout-patterns", .truth, for: CommandName.observing, standard: "true",
      help: "The broker's fanout_patterns: true or false."),
    Setting(
      "worker-log", .path, for: CommandName.observing, value: "glob", isList: true,
      help: "Logs of workers to follow, as files, a pattern of them, or a pipe; repeatable."),
    Setting(
      "set", .thresholds, for: CommandName.judging, isList: true,
      help: "A threshold, RULE.THRESHOLD=VALUE or RULE[SUBJECT].THRESHOLD=VALUE; repeatable."),
    Setting(
      "silence", .silence, for: CommandName.silencing, isList: true,
      help: "RULE[SUBJECT] until MOMENT because REASON: known, not to be told; repeatable."),
    Setting(
      "silence-file", .path, for: CommandName.silencing,
      help: "The file of what `a` in `top` silences, shared by all commands, or none.",
      discussion: "Default: a file per broker in $XDG_STATE_HOME/taskmon."),
  ]

  private static let screens: Set<CommandName> = [.top, .demo]

  private static let console: [Setting] = [
    Setting(
      "view", .choice(ViewID.allCases.map(\.name)), for: screens,
      help: "The view to open: \(ViewID.allCases.map(\.name).joined(separator: ", "))."),
    Setting(
      "refresh", .duration(atLeast: .milliseconds(100)), for: screens, standard: "1s",
      help: "How often Redis is polled."),
    Setting(
      "once", .flag, for: screens,
      help: "Print one plain-text snapshot, from two polls, and end."),
    Setting(
      "theme", .choice(ThemeName.allCases.map(\.rawValue)), for: screens, standard: "dark",
      help: "The colours: \(ThemeName.allCases.map(\.rawValue).joined(separator: ", "))."),
    Setting(
      "allow-control", .flag, for: [.top],
      help: "Let keys act: revoke, terminate, shut down, purge and more, each after a dialog."),
    Setting("ascii", .flag, for: screens, help: "Nothing outside ASCII."),
    Setting("no-color", .flag, for: screens, help: "No colours; so does NO_COLOR."),
  ]

  private static let checking: [Setting] = [
    Setting(
      "observe", .duration(atLeast: .zero), for: [.check, .snapshot, .show], standard: "10s",
      help: "How long to observe."),
    Setting(
      "from", .text, for: [.check], value: "url",
      help: "Ask a running `taskmon serve` at http://host:port instead of Redis."),
    Setting(
      "replay", .path, for: [.top, .check],
      help: "Judge a file that `taskmon snapshot` wrote instead of Redis."),
    Setting(
      "rule", .text, for: [.check], value: "id", isList: true, help: "Only this rule; repeatable."),
    Setting(
      "kind", .choice(CheckFilter.Kind.allCases.map(\.rawValue)), for: [.check], standard: "all",
      help: "incident, practice or all."),
    Setting(
      "fail-on", .choice(CheckFilter.FailOn.allCases.map(\.rawValue)), for: [.check],
      value: "level", standard: "warning", help: "warning, critical or unknown."),
    Setting(
      "format", .choice(CheckFormat.allCases.map(\.rawValue)), for: [.check], standard: "text",
      help: "text, nagios, json, or prometheus for node_exporter's textfile collector."),
    Setting(
      "format", .choice(TableFormat.allCases.map(\.rawValue)), for: [.show], standard: "table",
      help: "table, json or csv."),
    Setting(
      "format", .choice(RuleCatalogue.Format.allCases.map(\.rawValue)), for: [.rules],
      standard: "table", help: "table or json."),
    Setting("quiet-ok", .flag, for: [.check], help: "Print nothing when all is well."),
    Setting(
      "state", .path, for: [.check], help: "The file kept between runs, or none.",
      discussion: "Default: a file per broker in $XDG_STATE_HOME/taskmon."),
    Setting(
      "exec", .text, for: [.check], value: "command",
      help: "A shell command to run when a finding appears, worsens or ends.",
      discussion: """
        The document is on its standard input; variables that name a broker or a backend are kept \
        from it.
        """),
    Setting(
      "renotify", .duration(atLeast: Seconds(1)), for: [.check], standard: "6h",
      help: "Run the command again while findings last this long."),
    Setting(
      "timeout", .duration(atLeast: Seconds(1)), for: [.check, .doctor], standard: "30s",
      help: "What connecting and asking may take on top."),
  ]

  private static let serving: [Setting] = [
    Setting(
      "listen", .text, for: [.serve], value: "address:port", standard: "127.0.0.1:9808",
      help: "Where to listen."),
    Setting(
      "allowed-hosts", .text, for: [.serve], value: "name", isList: true,
      help: "Host names to answer to, besides the address itself."),
    Setting(
      "buckets", .bounds, for: [.serve],
      standard: "0.005,0.01,0.025,0.05,0.075,0.1,0.25,0.5,0.75,1,2.5,5,7.5,10",
      foreign: ["CE_BUCKETS"], help: "Upper bounds of the buckets of celery_task_runtime."),
    Setting(
      "queue-wait-buckets", .bounds, for: [.serve],
      standard: "0.05,0.1,0.25,0.5,1,2.5,5,10,30,60,120,300,600,1800",
      foreign: ["CE_QUEUE_WAIT_BUCKETS"],
      help: "Upper bounds of the buckets of celery_task_queue_wait_time."),
  ]

  private static let demo: [Setting] = [
    Setting(
      "workers", .number(1...64), for: [.demo], standard: "4", help: "Simulated workers, 1 to 64."),
    Setting("queues", .number(1...64), for: [.demo], standard: "4", help: "Task queues, 1 to 64."),
    Setting(
      "tasks-per-second", .number(0.1...500), for: [.demo], standard: "20",
      help: "Tasks a second, 0.1 to 500."),
  ]
}

extension Settings {
  /// The table of a README: a row per setting, in Markdown; ends with a line feed.
  package static var markdown: String {
    let rows = all.map { setting in
      let commands = CommandName.allCases.filter(setting.commands.contains).map(\.rawValue)
      let variables = ([setting.variable] + setting.foreign).map { "`\($0)`" }
      let standard = setting.standard.map { "`\($0)`" } ?? ""
      return "| `\(setting.name)` | \(variables.joined(separator: ", ")) | \(standard) |"
        + " \(words(for: commands)) | \(setting.help) |"
    }
    return
      (["| setting | variable | default | for | what it says |", "|---|---|---|---|---|"] + rows)
      .joined(separator: "\n") + "\n"
  }

  private static func words(for commands: [String]) -> String {
    commands.count == CommandName.allCases.count
      ? "all" : commands.map { "`\($0)`" }.joined(separator: " ")
  }
}
