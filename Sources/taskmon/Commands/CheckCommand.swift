import ArgumentParser
import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonTerminal
import TaskmonUnits

/// `taskmon check`: one look, an answer and an exit code, for cron and Nagios.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Observes for a while and says what is wrong: exit 0, 1 warning, 2 critical, 3 unknown.")

  @OptionGroup var connection: ConnectionOptions

  @Option(help: ArgumentHelp("How long to observe.", valueName: "duration"))
  var observe = Seconds(10)

  @Option(
    name: .customLong("rule"),
    help: ArgumentHelp("Only this rule; repeatable.", valueName: "id"))
  var rules: [String] = []

  @Option(help: ArgumentHelp("incident, practice or all.", valueName: "kind"))
  var kind = CheckFilter.Kind.all

  @Option(help: ArgumentHelp("warning, critical or unknown.", valueName: "level"))
  var failOn = CheckFilter.FailOn.warning

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format = CheckFormat.text

  @Flag(help: "Print nothing when all is well.")
  var quietOk = false

  @Option(
    help: ArgumentHelp(
      "The file kept between runs, or none.",
      discussion: "Default: a file per broker in $XDG_STATE_HOME/taskmon.", valueName: "file"))
  var state: String?

  @Option(help: ArgumentHelp("What connecting and asking may take on top.", valueName: "duration"))
  var timeout = Seconds(30)

  func validate() throws {
    for rule in rules where RuleRegistry.rule(RuleID(rawValue: rule)) == nil {
      throw ValidationError("--rule: \(RuleCatalogue.unknownRule(rule))")
    }
  }

  func run() throws {
    let configuration = try connection.monitorConfiguration()
    let thresholds = try connection.thresholds()
    let state = CheckState(path: state, broker: configuration.identity)
    let observation = Observing(
      configuration: configuration, thresholds: thresholds, observe: observe, timeout: timeout,
      history: state.history)
    let (view, signal) = try Blocking.run { await observation.run() }
    // Killed: nothing is said and nothing is remembered.
    if let signal { Terminal.die(by: signal) }
    guard let view, view.history.latest != nil else {
      throw CommandFailure("not even one snapshot was taken within \(timeout.text)", code: 3)
    }
    var evaluator = Evaluator(thresholds: thresholds, hold: .zero, memory: state.memory)
    let report = evaluator.evaluate(view.history)
    state.write(history: view.history, memory: evaluator.memory)
    answer(report, broker: configuration.identity)
  }

  private func answer(_ report: HealthReport, broker: BrokerIdentity) {
    let filter = CheckFilter(
      kind: kind, rules: rules.map { RuleID(rawValue: $0) }, failOn: failOn)
    let document = filter.narrow(
      HealthDocument(report, taskmon: Version.text, broker: broker.url))
    let status = filter.status(of: document)
    if !(quietOk && status == .ok) {
      switch format {
      case .text: Output.write(document.text(status))
      case .json: Output.write(document.json(.pretty) + "\n")
      }
    }
    Ending.now(status.exitCode)
  }
}

enum CheckFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

extension CheckFilter.Kind: ExpressibleByArgument {}
extension CheckFilter.FailOn: ExpressibleByArgument {}
