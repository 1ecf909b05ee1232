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
  @Option(setting: "sentinel-master") var sentinelMaster: String?
  @OptionGroup var tls: TLSFlags
  @Flag(setting: "read-only") var readOnly: Bool
  @Flag(setting: "enable-events") var enableEvents: Bool
  @Option(setting: "inspect-interval") var inspectInterval: Seconds
  @Option(setting: "visibility-timeout") var visibilityTimeout: Seconds?
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
    guard let broker = try url(text, of: "broker") else {
      throw ValidationError("the broker's URL is empty")
    }
    if broker.skipsVerification { Complaint.write(TLSFlags.warning) }
    return MonitorConfiguration(
      broker: try withCredentials(broker), name: name, backend: try url(backend, of: "backend"),
      keyPrefix: keyPrefix ?? "", resultKeyPrefix: resultKeyPrefix ?? "", isReadOnly: readOnly,
      enablesEvents: enableEvents,
      inspectInterval: inspectInterval, visibilityTimeout: visibilityTimeout)
  }

  private func url(_ text: String?, of what: String) throws -> RedisURL? {
    guard let text, !text.isEmpty else { return nil }
    do {
      let url = try RedisURL(text).with(tls: tls.options)
      guard let sentinelMaster else { return url }
      var sentinel = url.sentinel
      sentinel.masterName = sentinelMaster
      return url.with(sentinel: sentinel)
    } catch {
      throw ValidationError("the \(what)'s URL: \(error)")
    }
  }

  private func withCredentials(_ url: RedisURL) throws -> RedisURL {
    let user = username ?? url.username
    guard let passwordFile else { return url.with(username: user, password: url.password) }
    return url.with(username: user, password: Secret(try PasswordFile.read(passwordFile)))
  }
}

/// How to speak TLS, as flags: they go before what the URL says.
struct TLSFlags: ParsableArguments {
  @Option(setting: "ca-cert") var caFile: String?
  @Option(setting: "cert") var certificateFile: String?
  @Option(setting: "key") var keyFile: String?
  @Option(setting: "tls-server-name") var serverName: String?
  @Flag(setting: "insecure-skip-verify") var skipsVerification: Bool

  static let warning =
    "the server's certificate is not checked: whoever is between can read and change everything"

  var options: TLSOptions {
    TLSOptions(
      caFile: caFile, certificateFile: certificateFile, keyFile: keyFile, serverName: serverName,
      skipsVerification: skipsVerification)
  }
}
