import CeleryProtocol
import TaskmonCollector
import TaskmonConfiguration
import TaskmonExposition
import TaskmonServer
import TaskmonUnits

/// What the flags of celery-exporter change.
extension ExporterFlags {
  /// A shorter time is over before an alert that waits for a quarter of an hour can fire.
  private static let shortRetention = Seconds.minutes(30)

  /// Where to listen: `--listen`, else `--host` and `--port`, else where celery-exporter would.
  func address(_ listen: ListenAddress?) -> ListenAddress {
    if let listen { return listen }
    guard host != nil || isUsed else { return .standard }
    let address = ListenAddress(
      host: host ?? "0.0.0.0", port: port ?? ListenAddress.standard.port)
    if host == nil {
      Complaint.write(
        "listening on \(address) as celery-exporter does; --listen says where else")
    }
    return address
  }

  func apply(to configuration: inout MonitorConfiguration) {
    configuration.buckets = HistogramBounds(
      runtime: buckets.flatMap(BucketBounds.bounds) ?? HistogramBounds.standardRuntime,
      wait: waitBuckets.flatMap(BucketBounds.bounds) ?? HistogramBounds.standardWait)
    configuration.defaultQueue = defaultQueue ?? configuration.defaultQueue
    configuration.shownQueues = queues
  }

  func apply(to options: inout ExpositionOptions) {
    options.naming = MetricNaming(
      prefix: prefix ?? MetricNaming.standardPrefix,
      labels: labels.compactMap(MetricNaming.label), hidesSender: hidesSender,
      hidesWorker: hidesWorker)
    if let workerTimeout {
      options.workerTimeout = workerTimeout > 0 ? Seconds(workerTimeout) : .days(36_500)
    }
    if let purge, purge > 0 { options.workerRetention = Seconds(purge) }
  }

  /// Says once what is taken and does nothing, or may do harm.
  func complain() {
    for (name, value) in [("accept-content", acceptContent), ("retry-interval", retryInterval)]
    where value != nil {
      Complaint.write("--\(name) is taken for celery-exporter's sake and changes nothing")
    }
    if let purge, purge > 0, Seconds(purge) < Self.shortRetention {
      Complaint.write(
        "--purge-offline-worker-metrics \(Seconds(purge).text): an alert that waits longer for"
          + " celery_worker_up to be 0 never fires")
    }
  }

  /// Options of kombu, where no flag of ours says the same.
  func apply(to connection: inout ConnectionOptions) {
    for option in transport + tls {
      let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let (name, value) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      let isTaken =
        transport.contains(option)
        ? apply(transport: name, value, to: &connection) : apply(tls: name, value, to: &connection)
      if !isTaken { Complaint.write("kombu's option \(name) changes nothing here") }
    }
  }

  private func apply(
    transport name: String, _ value: String, to connection: inout ConnectionOptions
  ) -> Bool {
    switch name {
    case "visibility_timeout":
      guard let seconds = Double(value), seconds >= 1 else { return false }
      connection.visibilityTimeout = connection.visibilityTimeout ?? Seconds(seconds)
    case "global_keyprefix": connection.keyPrefix = connection.keyPrefix ?? value
    case "sep": connection.transport.separator = connection.transport.separator ?? value
    case "priority_steps":
      let digits = value.filter { $0.isNumber || $0 == "," }
      guard !TransportOption.steps(digits).isEmpty else { return false }
      if connection.transport.steps.isEmpty { connection.transport.steps = [digits] }
    case "fanout_prefix": connection.transport.fanoutPrefix = value
    case "fanout_patterns":
      guard Setting.truth(of: value) != nil else { return false }
      connection.transport.fanoutPatterns = value
    case "master_name": connection.sentinel.master = connection.sentinel.master ?? value
    case _: return false
    }
    return true
  }

  private func apply(
    tls name: String, _ value: String, to connection: inout ConnectionOptions
  ) -> Bool {
    switch name.hasPrefix("ssl_") ? String(name.dropFirst(4)) : name {
    case "ca_certs": connection.tls.caFile = connection.tls.caFile ?? value
    case "certfile": connection.tls.certificateFile = connection.tls.certificateFile ?? value
    case "keyfile": connection.tls.keyFile = connection.tls.keyFile ?? value
    case "cert_reqs":
      let isNone = ["none", "cert_none", "0"].contains(value.lowercased())
      connection.tls.skipsVerification = connection.tls.skipsVerification || isNone
    case _: return false
    }
    return true
  }
}
