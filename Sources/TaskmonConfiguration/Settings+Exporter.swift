/// What celery-exporter can be told, so that `serve` takes its place with its flags and variables.
extension Settings {
  static let exporter: [Setting] = [
    Setting(
      "host", .text, for: [.serve], value: "address", foreign: ["CE_HOST"],
      help: "Where to listen, as celery-exporter has it; --listen goes before it."),
    Setting(
      "port", .number(1...65_535), for: [.serve], foreign: ["CE_PORT"],
      help: "The port for --host."),
    Setting(
      "metric-prefix", .text, for: [.serve], value: "prefix", foreign: ["CE_METRIC_PREFIX"],
      help: "What celery_ is replaced by in the names of metrics."),
    Setting(
      "static-label", .text, for: [.serve], value: "name=value", foreign: ["CE_STATIC_LABEL"],
      isList: true, foreignSeparator: " ", help: "A label for every series; repeatable."),
    Setting(
      "queue", .text, for: [.serve], value: "name", foreign: ["CE_QUEUES"], isList: true,
      help: "A queue to show before any worker names it; --queues and -Q take several."),
    Setting(
      "default-queue-name", .text, for: [.serve], value: "name",
      foreign: ["CE_DEFAULT_QUEUE_NAME"],
      help: "The queue_name of tasks whose queue nobody tells, instead of celery."),
    Setting(
      "worker-timeout", .number(0...1e9), for: [.serve], value: "seconds",
      foreign: ["CE_WORKER_TIMEOUT"],
      help: "Silence after which celery_worker_up is 0; 0 for never."),
    Setting(
      "purge-offline-worker-metrics", .number(0...1e9), for: [.serve], value: "seconds",
      foreign: ["CE_PURGE_OFFLINE_WORKER_METRICS"],
      help: "How long a worker that is gone stays in the metrics, an hour at most; 0 for that."),
    Setting(
      "generic-hostname-task-sent-metric", .flag, for: [.serve],
      foreign: ["CE_GENERIC_HOSTNAME_TASK_SENT_METRIC"],
      help: "The hostname of who publishes is generic."),
    Setting(
      "generic-hostname-worker-task-metric", .flag, for: [.serve],
      foreign: ["CE_GENERIC_HOSTNAME_WORKER_TASK_METRIC"],
      help: "The hostname of who runs tasks is generic in what is counted by task."),
    Setting(
      "broker-transport-option", .text, for: [.serve], value: "name=value",
      foreign: ["CE_BROKER_TRANSPORT_OPTION"], isList: true, foreignSeparator: " ",
      help: "One of kombu's transport options; repeatable."),
    Setting(
      "broker-ssl-option", .text, for: [.serve], value: "name=value",
      foreign: ["CE_BROKER_SSL_OPTION"], isList: true, foreignSeparator: " ",
      help: "One of kombu's TLS options; repeatable."),
    Setting(
      "log-level", .text, for: [.serve], value: "level", foreign: ["CE_LOG_LEVEL"],
      help: "TRACE, DEBUG, INFO, SUCCESS, WARNING, ERROR or CRITICAL."),
    Setting(
      "accept-content", .text, for: [.serve], foreign: ["CE_ACCEPT_CONTENT"],
      help: "Taken and not needed: no content is unpickled."),
    Setting(
      "retry-interval", .text, for: [.serve], value: "seconds", foreign: ["CE_RETRY_INTERVAL"],
      help: "Taken and not needed: a broker that is away is tried again."),
  ]
}

/// The flags of celery-exporter that ours have another name for.
package enum ExporterArguments {
  /// Says that somebody expects celery-exporter, where nothing else does.
  package static let mark = "as-exporter"

  /// The arguments of `serve` in our words; of other commands as they are.
  package static func translated(
    _ arguments: [String], environment: [String: String] = [:]
  ) -> [String] {
    guard arguments.first == CommandName.serve.rawValue else { return arguments }
    var found: [String] = []
    var isMarked = environment["CE_BROKER_URL"]?.isEmpty == false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let inline = parts.count > 1 ? String(parts[1]) : nil
      switch parts.first {
      case "--broker-url":
        isMarked = true
        found.append(inline.map { "--broker=\($0)" } ?? "--broker")
      case "--queues", "-Q":
        guard let names = inline ?? rest.popFirst() else {
          found.append("--queue")
          continue
        }
        found += Configuration.split(names).map { "--queue=\($0)" }
      case _: found.append(argument)
      }
    }
    return isMarked ? found + ["--\(mark)"] : found
  }
}
