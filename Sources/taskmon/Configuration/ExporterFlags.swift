import ArgumentParser
import Logging
import TaskmonConfiguration
import TaskmonExposition

/// The flags of celery-exporter, in whose place `serve` may be started.
struct ExporterFlags: ParsableArguments {
  @Option(setting: "host") var host: String?
  @Option(setting: "port") var port: Int?
  @Option(setting: "buckets") var buckets: String?
  @Option(setting: "queue-wait-buckets") var waitBuckets: String?
  @Option(setting: "metric-prefix") var prefix: String?
  @Option(setting: "static-label") var labels: [String]
  @Option(setting: "queue") var queues: [String]
  @Option(setting: "default-queue-name") var defaultQueue: String?
  @Option(setting: "worker-timeout") var workerTimeout: Double?
  @Option(setting: "purge-offline-worker-metrics") var purge: Double?
  @Flag(setting: "generic-hostname-task-sent-metric") var hidesSender: Bool
  @Flag(setting: "generic-hostname-worker-task-metric") var hidesWorker: Bool
  @Option(setting: "broker-transport-option") var transport: [String]
  @Option(setting: "broker-ssl-option") var tls: [String]
  @Option(setting: "log-level") var level: String?
  @Option(setting: "accept-content") var acceptContent: String?
  @Option(setting: "retry-interval") var retryInterval: String?
  @Flag(
    name: .customLong(ExporterArguments.mark), help: ArgumentHelp(visibility: .private))
  var isMarked = false

  func validate() throws {
    for (name, text) in [("buckets", buckets), ("queue-wait-buckets", waitBuckets)] {
      if let text, let fault = BucketBounds.fault(in: text) {
        throw ValidationError("--\(name): \(fault)")
      }
    }
    if let port, !(1...65_535).contains(port) {
      throw ValidationError("--port: there is no port \(port)")
    }
    for (name, number) in [
      ("worker-timeout", workerTimeout), ("purge-offline-worker-metrics", purge),
    ] {
      guard let number else { continue }
      if let fault = Settings.named(name).fault(in: "\(number)") {
        throw ValidationError("--\(name): \(fault)")
      }
    }
    if let prefix, !MetricNaming.isPrefix(prefix) {
      throw ValidationError("--metric-prefix: no name of a metric can begin with \"\(prefix)\"")
    }
    for label in labels where MetricNaming.label(label) == nil {
      throw ValidationError(
        "--static-label: \"\(label)\" is no label; write name=value, the name of letters, digits"
          + " and _")
    }
    if let level, Self.levels[level.uppercased()] == nil {
      throw ValidationError("--log-level: there is no level \"\(level)\"")
    }
  }

  /// Of loguru, which celery-exporter logs with.
  private static let levels: [String: Logger.Level] = [
    "TRACE": .trace, "DEBUG": .debug, "INFO": .info, "SUCCESS": .notice, "NOTICE": .notice,
    "WARNING": .warning, "ERROR": .error, "CRITICAL": .critical,
  ]

  var logLevel: Logger.Level? { level.flatMap { Self.levels[$0.uppercased()] } }

  /// Whether anything of celery-exporter's was said.
  var isUsed: Bool {
    let texts = [buckets, waitBuckets, prefix, defaultQueue, level, acceptContent, retryInterval]
    let numbers = [port.map(Double.init), workerTimeout, purge]
    return isMarked || hidesSender || hidesWorker || texts.contains { $0 != nil }
      || numbers.contains { $0 != nil }
      || ![labels, queues, transport, tls].allSatisfy(\.isEmpty)
  }
}
