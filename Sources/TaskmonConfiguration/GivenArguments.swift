/// What was typed, as far as it must be known before the command line is read.
package struct GivenArguments: Sendable, Equatable {
  /// Nil where no command of ours is named.
  package let command: CommandName?
  /// The long flags that were given, without dashes.
  package let flags: Set<String>
  /// The value of `--config`.
  package let configPath: String?
  /// Help, version and completions are given whatever the configuration says.
  package let wantsHelp: Bool

  /// The arguments behind the program's name.
  package init(_ arguments: [String]) {
    command = arguments.first.flatMap(CommandName.init(rawValue:))
    let own = arguments.prefix { $0 != "--" }
    var flags: Set<String> = []
    var path: String?
    for (index, argument) in own.enumerated() where argument.hasPrefix("--") {
      let parts = argument.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts.first.map(String.init) ?? ""
      flags.insert(name)
      guard name == "config" else { continue }
      path = parts.count > 1 ? String(parts[1]) : index + 1 < own.count ? own[index + 1] : nil
    }
    self.flags = flags
    configPath = path
    wantsHelp =
      own.contains("-h") || !flags.isDisjoint(with: ["help", "version"])
      || flags.contains { $0.hasPrefix("generate-") || $0.hasPrefix("experimental-") }
  }
}
