package import TaskmonUnits

/// A command of taskmon, as it is typed.
package enum CommandName: String, Sendable, Hashable, CaseIterable {
  case top, serve, check, doctor, snapshot, show, task, rules, explain, demo

  /// Those that read Redis.
  package static let observing: Set = [top, serve, check, doctor, snapshot, show, task]
  /// Those that judge by thresholds.
  package static let judging: Set = observing.union([rules, explain])
  /// Those that tell findings.
  package static let silencing: Set = [top, serve, check]
}

/// One thing that can be set: by a flag, an environment variable, or a line of the file.
///
/// Its name is the flag without the dashes and the key of the file; upper case and behind
/// `TASKMON_` it is the variable.
package struct Setting: Sendable {
  /// What its values look like.
  package enum Kind: Sendable, Equatable {
    case text
    case path
    /// A Redis URL, never quoted in a complaint: it may hold a password.
    case redis
    /// The same, with a name in front of it where one is given.
    case namedRedis
    case duration(atLeast: Seconds)
    /// Within these bounds, both included.
    case number(ClosedRange<Double>)
    case flag
    /// True or false, where that is not the same as given or not.
    case truth
    /// kombu's `priority_steps`: whole numbers, separated by commas.
    case steps
    /// Upper bounds of buckets: seconds, separated by commas.
    case bounds
    case choice([String])
    /// Thresholds of rules; each has an origin of its own.
    case thresholds
    /// What is known and not to be told; in the file also as a mapping.
    case silence
  }

  package var name: String
  package var kind: Kind
  /// What stands for its value in the help: `duration`; nil takes the kind's own word.
  private var valueName: String?
  /// Nil where nothing is the default.
  package var standard: String?
  package var commands: Set<CommandName>
  /// Variables of other programs that are read where ours is not set, in this order.
  package var foreign: [String]
  /// May be given several times; a variable separates its values by commas.
  package var isList: Bool
  /// What separates the values in a variable of another program.
  package var foreignSeparator: Character
  /// Where the file itself is cannot stand in the file.
  package var isInFile: Bool
  /// One sentence.
  package var help: String
  /// What does not fit the sentence; nil where nothing is missing.
  package var discussion: String?

  init(
    _ name: String, _ kind: Kind, for commands: Set<CommandName>, value: String? = nil,
    standard: String? = nil, foreign: [String] = [], isList: Bool = false,
    foreignSeparator: Character = ",", isInFile: Bool = true,
    help: String, discussion: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.commands = commands
    valueName = value
    self.standard = standard
    self.foreign = foreign
    self.isList = isList
    self.foreignSeparator = foreignSeparator
    self.isInFile = isInFile
    self.help = help
    self.discussion = discussion
  }

  /// `TASKMON_KEY_PREFIX` for `key-prefix`.
  package var variable: String {
    "TASKMON_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
  }

  /// Its value may hold a password.
  package var isURL: Bool { kind == .redis || kind == .namedRedis }

  package var placeholder: String { valueName ?? kind.word }
}

extension Setting.Kind {
  fileprivate var word: String {
    switch self {
    case .text: "text"
    case .path: "file"
    case .redis, .namedRedis: "url"
    case .duration: "duration"
    case .number: "number"
    case .flag: ""
    case .truth: "true|false"
    case .steps: "numbers"
    case .bounds: "seconds"
    case .choice: "name"
    case .thresholds: "setting"
    case .silence: "silence"
    }
  }
}
