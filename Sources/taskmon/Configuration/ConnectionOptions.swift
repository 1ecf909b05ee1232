import ArgumentParser
import RedisClient
import TaskmonCollector
import TaskmonConfiguration
import TaskmonHealth
import TaskmonUnits

/// Which broker, and how to look at it: shared by every command that reads Redis.
struct ConnectionOptions: ParsableArguments {
  @Option(setting: "broker") var broker: String
  @Option(setting: "backend") var backend: String?
  @Option(setting: "key-prefix") var keyPrefix: String?
  @Option(setting: "result-key-prefix") var resultKeyPrefix: String?
  @Option(setting: "username") var username: String?
  @Option(setting: "password-file") var passwordFile: String?
  @OptionGroup var sentinel: SentinelFlags
  @OptionGroup var tls: TLSFlags
  @Flag(setting: "read-only") var readOnly: Bool
  @Flag(setting: "enable-events") var enableEvents: Bool
  @Option(setting: "inspect-interval") var inspectInterval: Seconds
  @Option(setting: "visibility-timeout") var visibilityTimeout: Seconds?
  @Option(setting: "worker-log") var workerLogs: [String]
  @OptionGroup var transport: TransportFlags
  @OptionGroup var limits: ThresholdOptions
  @OptionGroup var place: ConfigurationOptions

  func validate() throws {
    guard inspectInterval >= Seconds(1) else {
      throw ValidationError("--inspect-interval must be at least 1s: workers have other work to do")
    }
    guard !(enableEvents && readOnly) else {
      throw ValidationError(
        "--enable-events changes workers, which --read-only forbids: give one of the two")
    }
  }

  /// The thresholds in force.
  func thresholds() throws -> ThresholdOverrides { try limits.thresholds() }

  /// What to observe.
  func monitorConfiguration() throws -> MonitorConfiguration {
    let (name, text) = BrokerName.split(broker)
    guard let named = try url(text, of: "broker") else {
      throw ValidationError("the broker's URL is empty")
    }
    let broker = try withCredentials(named)
    let backend = try url(backend, of: "backend").map { knownUser(of: $0, broker) }
    try refuseUseless([broker] + (backend.map { [$0] } ?? []))
    let configuration = MonitorConfiguration(
      broker: broker, name: name, backend: backend, keyPrefix: keyPrefix ?? "",
      resultKeyPrefix: resultKeyPrefix ?? "", separator: transport.separator,
      prioritySteps: transport.prioritySteps, fanoutPrefix: transport.prefix,
      fanoutPatterns: transport.patterns, isReadOnly: readOnly,
      enablesEvents: enableEvents, inspectInterval: inspectInterval,
      visibilityTimeout: visibilityTimeout, workerLogs: workerLogs.filter { !$0.isEmpty })
    if configuration.skipsVerification { Complaint.write(TLSFlags.warning) }
    return configuration
  }

  private func url(_ text: String?, of what: String) throws -> RedisURL? {
    guard let text, !text.isEmpty else { return nil }
    let url: RedisURL
    do { url = try RedisURL(text) } catch {
      throw ValidationError("the \(what)'s URL: \(error)")
    }
    // Whether the sentinels are spoken to by TLS must be known before how.
    return try sentinel.applied(to: url).with(tls: tls.options)
  }

  private func withCredentials(_ url: RedisURL) throws -> RedisURL {
    let user = username ?? url.username
    guard let passwordFile else { return url.with(username: user, password: url.password) }
    return url.with(username: user, password: Secret(try PasswordFile.read(passwordFile)))
  }

  /// A backend on the broker's own server that names no user is the broker's user's.
  private func knownUser(of backend: RedisURL, _ broker: RedisURL) -> RedisURL {
    guard backend.username == nil, backend.password == nil, backend.location == broker.location
    else { return backend }
    return backend.with(username: broker.username, password: broker.password)
  }

  /// Who asks for TLS and gets none would believe to be safe.
  private func refuseUseless(_ urls: [RedisURL]) throws {
    if let flag = tls.given.first, !urls.contains(where: \.canSpeakTLS) {
      throw ValidationError(
        "--\(flag) needs rediss://… (or sentinel://…): redis:// and sockets speak no TLS")
    }
    if let flag = sentinel.given.first, !urls.contains(where: \.usesSentinel) {
      throw ValidationError("--\(flag) needs sentinel://…: the URL names the server itself")
    }
  }
}
