import ArgumentParser
import CeleryProtocol
import RedisClient
import TaskmonConfiguration

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

  /// The names of those that were given.
  var given: [String] {
    [
      ("ca-cert", caFile != nil), ("cert", certificateFile != nil), ("key", keyFile != nil),
      ("tls-server-name", serverName != nil), ("insecure-skip-verify", skipsVerification),
    ].filter(\.1).map(\.0)
  }
}

/// How to speak to the sentinels of a sentinel:// URL, as flags: they go before what it says.
struct SentinelFlags: ParsableArguments {
  @Option(setting: "sentinel-master") var master: String?
  @Option(setting: "sentinel-username") var username: String?
  @Option(setting: "sentinel-password-file") var passwordFile: String?
  @Flag(setting: "sentinel-tls") var speaksTLS: Bool

  /// A URL without sentinels stays as it is.
  func applied(to url: RedisURL) throws -> RedisURL {
    guard url.usesSentinel else { return url }
    var options = url.sentinel
    options.masterName = master ?? options.masterName
    options.username = username ?? options.username
    if let passwordFile { options.password = Secret(try PasswordFile.read(passwordFile)) }
    if speaksTLS { options.tls = options.tls ?? TLSOptions() }
    return url.with(sentinel: options)
  }

  /// The names of those that were given.
  var given: [String] {
    [
      ("sentinel-master", master != nil), ("sentinel-username", username != nil),
      ("sentinel-password-file", passwordFile != nil), ("sentinel-tls", speaksTLS),
    ].filter(\.1).map(\.0)
  }
}

/// kombu's transport options that name keys and channels.
struct TransportFlags: ParsableArguments {
  @Option(setting: "sep") var separator: String?
  @Option(setting: "priority-steps") var steps: [String]
  @Option(setting: "fanout-prefix") var fanoutPrefix: String
  @Option(setting: "fanout-patterns") var fanoutPatterns: String

  func validate() throws {
    try check("sep", separator)
    try check("priority-steps", steps.isEmpty ? nil : steps.joined(separator: ","))
    try check("fanout-prefix", fanoutPrefix)
    try check("fanout-patterns", fanoutPatterns)
  }

  private func check(_ name: String, _ text: String?) throws {
    guard let text, let fault = Settings.named(name).fault(in: text) else { return }
    throw ValidationError("--\(name): \(fault)")
  }

  /// Nil where not given.
  var prioritySteps: [Int]? {
    steps.isEmpty ? nil : TransportOption.steps(steps.joined(separator: ","))
  }

  /// As in Celery: true is kombu's own, false is none.
  var prefix: KeyLayout.FanoutPrefix {
    switch Setting.truth(of: fanoutPrefix) {
    case true?: .database
    case false?: .none
    case nil: .text(fanoutPrefix)
    }
  }

  var patterns: Bool { Setting.truth(of: fanoutPatterns) ?? true }
}
