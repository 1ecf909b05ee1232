import ArgumentParser
import TaskmonConfiguration
import TaskmonHealth

/// `taskmon rules`: the catalogue.
struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Lists every rule with its thresholds in force.")

  @Option(setting: "format", of: .rules) var format: RuleCatalogue.Format
  @OptionGroup var limits: ThresholdOptions
  @OptionGroup var place: ConfigurationOptions

  func run() throws {
    Output.write(RuleCatalogue.text(format, thresholds: try limits.thresholds()))
  }
}

/// `taskmon explain`: one rule's page.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says what a rule means, why it hurts, how it is detected and what to do.")

  @Argument(help: ArgumentHelp("The rule, as a finding names it.", valueName: "rule"))
  var rule: String

  @OptionGroup var limits: ThresholdOptions
  @OptionGroup var place: ConfigurationOptions

  func run() throws {
    guard let found = RuleRegistry.rule(RuleID(rawValue: rule)) else {
      throw ValidationError(RuleCatalogue.unknownRule(rule))
    }
    Output.write(RuleCatalogue.page(found, thresholds: try limits.thresholds()))
  }
}
