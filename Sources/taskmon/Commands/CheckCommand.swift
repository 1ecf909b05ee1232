import ArgumentParser
import TaskmonCollector
import TaskmonConfiguration
import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// `taskmon check`: one look, an answer and an exit code, for cron and Nagios.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Observes for a while and says what is wrong: exit 0, 1 warning, 2 critical, 3 unknown.",
    discussion: """
      Looks at Redis, or with --from at what a running `taskmon serve` says, or with --replay at a \
      snapshot of another time. `info` never counts for the exit code.
      """)

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var silence: SilenceOptions
  @Option(setting: "observe") var observe: Seconds
  @Option(setting: "from") var from: String?
  @Option(setting: "replay") var replay: String?
  @Option(setting: "rule") var rules: [String]
  @Option(setting: "kind") var kind: CheckFilter.Kind
  @Option(setting: "fail-on") var failOn: CheckFilter.FailOn
  @Option(setting: "format", of: .check) var format: CheckFormat
  @Flag(setting: "quiet-ok") var quietOk: Bool
  @Option(setting: "state") var state: String?
  @Option(setting: "exec") var exec: String?
  @Option(setting: "renotify") var renotify: Seconds
  @Option(setting: "timeout") var timeout: Seconds

  func validate() throws {
    for rule in rules where RuleRegistry.rule(RuleID(rawValue: rule)) == nil {
      throw ValidationError("--rule: \(RuleCatalogue.unknownRule(rule))")
    }
    guard from == nil || replay == nil else {
      throw ValidationError("--from and --replay exclude each other: one look at one thing")
    }
    guard from == nil || format != .prometheus else {
      throw ValidationError("--from cannot give metrics: scrape /metrics of the daemon instead")
    }
  }

  func run() throws {
    let source = try source()
    let thresholds = try connection.thresholds()
    let state = CheckState(path: replay == nil ? state : "none", broker: source.identity)
    let silences = try SilenceKeeper(silence, broker: source.identity)
    let found = try source.findings(
      thresholds: thresholds, silences: silences, state: state, timeout: timeout)
    state.write()
    let filter = CheckFilter(
      kind: kind, rules: rules.map { RuleID(rawValue: $0) }, failOn: failOn)
    let document = filter.narrow(found.document)
    let status = filter.status(of: document)
    if !(quietOk && status == .ok) { Output.write(text(found, document, status)) }
    tell(document, state)
    Ending.now(status.exitCode)
  }

  private func source() throws -> CheckSource {
    if let from { return .daemon(try ServeURL(from)) }
    if let replay { return .snapshot(try SnapshotFile.read(replay, code: 3)) }
    var configuration = try connection.monitorConfiguration()
    // The first run has seen nothing of what it will remember from then on.
    configuration.countsLogTails = true
    return .redis(configuration, observe: observe)
  }

  private func text(
    _ found: CheckFindings, _ document: HealthDocument, _ status: CheckStatus
  ) -> String {
    switch format {
    case .text: document.text(status)
    case .nagios: document.nagios(status, performance: found.performance)
    case .json: document.json(.pretty) + "\n"
    case .prometheus: metrics(found)
    }
  }

  /// Without the facts of this process: node_exporter has series of its own under those names.
  private func metrics(_ found: CheckFindings) -> String {
    let input = ExpositionInput(
      history: found.history ?? SnapshotHistory(), report: found.report,
      options: ExpositionOptions(broker: found.broker, build: BuildFacts.current))
    return Exposition(input).text(as: .text)
  }

  /// Runs the command of `--exec` where there is news, and remembers only what was told.
  private func tell(_ document: HealthDocument, _ state: CheckState) {
    guard let exec else { return }
    let isNews = state.told.isNews(document, renotify: renotify)
    if isNews, let failure = ChangeCommand.run(exec, document: document.json(.pretty) + "\n") {
      return Complaint.write(failure)
    }
    state.told.take(document, told: isNews)
    state.write()
  }
}
