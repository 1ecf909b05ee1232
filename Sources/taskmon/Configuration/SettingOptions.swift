import ArgumentParser
import TaskmonConfiguration
import TaskmonHealth
import TaskmonTUI
import TaskmonUnits

/// Flags made from the table of settings: name, default and help are written there once.
extension Option {
  /// A setting with a default, or one that must be given.
  init(setting name: String, of command: CommandName? = nil) where Value: ExpressibleByArgument {
    let setting = Settings.named(name, of: command)
    if let standard = setting.standard.flatMap({ Value(argument: $0) }) {
      self.init(
        wrappedValue: standard, name: .customLong(name), help: setting.argumentHelp,
        completion: setting.completion)
    } else {
      self.init(
        name: .customLong(name), help: setting.argumentHelp, completion: setting.completion)
    }
  }

  /// A setting that may be absent.
  init<T: ExpressibleByArgument>(setting name: String) where Value == T? {
    let setting = Settings.named(name)
    self.init(name: .customLong(name), help: setting.argumentHelp, completion: setting.completion)
  }

  /// A setting that may be given several times.
  init<T: ExpressibleByArgument>(
    setting name: String, parsing: ArrayParsingStrategy = .singleValue
  ) where Value == [T] {
    let setting = Settings.named(name)
    self.init(
      wrappedValue: [], name: .customLong(name), parsing: parsing, help: setting.argumentHelp,
      completion: setting.completion)
  }
}

extension Flag where Value == Bool {
  /// A setting that is on or off.
  init(setting name: String) {
    self.init(
      wrappedValue: false, name: .customLong(name), help: Settings.named(name).argumentHelp)
  }
}

extension Setting {
  fileprivate var argumentHelp: ArgumentHelp {
    let variables = ([variable] + foreign).joined(separator: ", ")
    return ArgumentHelp(
      "\(help)", discussion: (discussion.map { "\($0) " } ?? "") + "Variable: \(variables).",
      valueName: placeholder.isEmpty ? nil : placeholder)
  }

  fileprivate var completion: CompletionKind {
    switch kind {
    case .path: .file()
    case .choice(let names): .list(names)
    case .truth: .list(["true", "false"])
    case .text, .redis, .namedRedis, .duration, .number, .flag, .steps, .bounds, .thresholds,
      .silence:
      .default
    }
  }
}

/// `--config`, on every command.
///
/// It is read before the command line as a whole, because what the file says is a part of that.
struct ConfigurationOptions: ParsableArguments {
  @Option(setting: "config") var config: String?
}

/// The thresholds in force, with what the file and the environment say of them.
struct ThresholdOptions: ParsableArguments {
  @Option(setting: "set") var settings: [String]

  @Option(
    name: .customLong(Configuration.fileThresholds), help: ArgumentHelp(visibility: .private))
  var fileSettings: [String] = []

  @Option(
    name: .customLong(Configuration.environmentThresholds),
    help: ArgumentHelp(visibility: .private))
  var environmentSettings: [String] = []

  /// Flags over the environment over the file.
  func thresholds() throws -> ThresholdOverrides {
    var overrides = ThresholdOverrides()
    let layers: [(ThresholdOverrides.Origin, [String])] = [
      (.file, fileSettings), (.environment, environmentSettings), (.flag, settings),
    ]
    do {
      for (origin, texts) in layers {
        for text in texts { try overrides.set(text, origin: origin) }
      }
    } catch {
      throw ValidationError("--set: \(error.sentence)")
    }
    return overrides
  }
}

extension Seconds: ExpressibleByArgument {
  /// For ArgumentParser: `500ms`, `10s`, `5m`, `2h`.
  package init?(argument: String) { self.init(text: argument) }

  package var defaultValueDescription: String { compact }
}

extension CheckFilter.Kind: ExpressibleByArgument {}
extension CheckFilter.FailOn: ExpressibleByArgument {}
extension CheckFormat: ExpressibleByArgument {}
extension TableFormat: ExpressibleByArgument {}
extension RuleCatalogue.Format: ExpressibleByArgument {}
