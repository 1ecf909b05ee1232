import ArgumentParser
import TaskmonHealth

/// `taskmon rules`: the catalogue.
struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Lists every rule with its thresholds in force.")

  @Option(help: ArgumentHelp("table or json.", valueName: "format"))
  var format = RuleCatalogue.Format.table

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A threshold, as in `check`; repeatable.", valueName: "setting"))
  var settings: [String] = []

  func run() throws {
    let thresholds: ThresholdOverrides
    do {
      thresholds = try ThresholdOverrides(settings)
    } catch {
      throw ValidationError("--set: \(error.sentence)")
    }
    Output.write(RuleCatalogue.text(format, thresholds: thresholds))
  }
}

extension RuleCatalogue.Format: ExpressibleByArgument {}

/// `taskmon explain`: one rule's page.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what a rule means, why it hurts, how it is detected and what to do.")

  @Argument(help: ArgumentHelp("The rule, as a finding names it.", valueName: "rule"))
  var rule: String

  func run() throws {
    guard let found = RuleRegistry.rule(RuleID(rawValue: rule)) else {
      throw ValidationError(RuleCatalogue.unknownRule(rule))
    }
    Output.write(RuleCatalogue.page(found))
  }
}
