import ArgumentParser
import RedisClient
import TaskmonCollector
import TaskmonHealth
import TaskmonUnits

/// Which broker, and how to look at it: shared by every command that reads Redis.
struct ConnectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The broker, as Celery writes it; NAME=URL gives it a name.",
      discussion: "Else TASKMON_BROKER, CELERY_BROKER_URL, redis://localhost:6379/0.",
      valueName: "url"))
  var broker: String?

  @Option(
    help: ArgumentHelp(
      "The result backend.",
      discussion: "Else TASKMON_BACKEND, CELERY_RESULT_BACKEND, what a worker tells, the broker.",
      valueName: "url"))
  var backend: String?

  @Option(help: ArgumentHelp("The broker's global_keyprefix.", valueName: "prefix"))
  var keyPrefix: String?

  @Option(help: ArgumentHelp("The result backend's global_keyprefix.", valueName: "prefix"))
  var resultKeyPrefix: String?

  @Option(help: ArgumentHelp("The Redis user, where the URL names none.", valueName: "name"))
  var username: String?

  @Option(help: ArgumentHelp("A file whose first line is the password.", valueName: "file"))
  var passwordFile: String?

  @Flag(help: "Write nothing at all: no worker is asked, so less is known.")
  var readOnly = false

  @Option(help: ArgumentHelp("How often workers are asked.", valueName: "duration"))
  var inspectInterval: Seconds?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A threshold, RULE.THRESHOLD=VALUE or RULE[SUBJECT].THRESHOLD=VALUE; repeatable.",
      valueName: "setting"))
  var settings: [String] = []

  /// The thresholds in force.
  func thresholds() throws -> ThresholdOverrides {
    do {
      return try ThresholdOverrides(settings)
    } catch {
      throw ValidationError("--set: \(error.sentence)")
    }
  }

  /// What to observe, by flag, environment and default, in this order.
  func monitorConfiguration(environment: Environment = .process) throws -> MonitorConfiguration {
    let (name, broker) = try namedBroker(environment)
    let backend = try url(
      self.backend ?? environment["TASKMON_BACKEND"] ?? environment["CELERY_RESULT_BACKEND"],
      of: "backend")
    return MonitorConfiguration(
      broker: broker, name: name, backend: backend,
      keyPrefix: keyPrefix ?? environment["TASKMON_KEY_PREFIX"] ?? "",
      resultKeyPrefix: resultKeyPrefix ?? environment["TASKMON_RESULT_KEY_PREFIX"] ?? "",
      isReadOnly: readOnly || environment.flag("TASKMON_READ_ONLY"),
      inspectInterval: try inspectInterval ?? environment.seconds("TASKMON_INSPECT_INTERVAL")
        ?? Seconds(30))
  }

  private func namedBroker(_ environment: Environment) throws -> (String?, RedisURL) {
    let text =
      broker ?? environment["TASKMON_BROKER"] ?? environment["CELERY_BROKER_URL"]
      ?? "redis://localhost:6379/0"
    let (name, rest) = BrokerName.split(text)
    guard let url = try url(rest, of: "broker") else {
      throw ValidationError("the broker's URL is empty")
    }
    return (name, try withCredentials(url, environment))
  }

  private func url(_ text: String?, of what: String) throws -> RedisURL? {
    guard let text, !text.isEmpty else { return nil }
    do {
      return try RedisURL(text)
    } catch {
      throw ValidationError("the \(what)'s URL: \(error)")
    }
  }

  private func withCredentials(_ url: RedisURL, _ environment: Environment) throws -> RedisURL {
    let user = username ?? environment["TASKMON_USERNAME"] ?? url.username
    guard let path = passwordFile ?? environment["TASKMON_PASSWORD_FILE"] else {
      return url.with(username: user, password: url.password)
    }
    return url.with(username: user, password: Secret(try PasswordFile.read(path)))
  }
}

/// `NAME=URL`: a name of letters, digits, `_` and `-` before the first `=` and before any colon.
enum BrokerName {
  static func split(_ text: String) -> (name: String?, url: String) {
    guard let equals = text.firstIndex(of: "=") else { return (nil, text) }
    let name = text[..<equals]
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      case _: false
      }
    }
    guard isName, (1...32).contains(name.utf8.count) else { return (nil, text) }
    return (String(name), String(text[text.index(after: equals)...]))
  }
}

extension Seconds: ExpressibleByArgument {
  /// For ArgumentParser: `500ms`, `10s`, `5m`, `2h`.
  package init?(argument: String) { self.init(text: argument) }

  package var defaultValueDescription: String { compact }
}
