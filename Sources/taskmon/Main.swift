import ArgumentParser
import Glibc
import TaskmonConfiguration

/// Where the program begins: secrets are taken out of sight before anything else happens.
@main
enum Main {
  static func main() {
    let typed = ArgumentSecrets.takeOutOfSight()
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Taskmon.parseAsRoot(try completed(Array(typed.values.dropFirst())))
      if typed.isUnwise { Complaint.write(ArgumentSecrets.warning) }
      try command.run()
    } catch {
      exit(error, typed)
    }
  }

  /// The command line with what the environment and the file set.
  private static func completed(_ words: [String]) throws -> [String] {
    let environment = Environment.process
    let typed = ExporterArguments.translated(words, environment: environment.variables)
    let given = GivenArguments(typed)
    guard given.command != nil, !given.wantsHelp else { return typed }
    let file = try ConfigurationFile.load(
      named: given.configPath ?? environment["TASKMON_CONFIG"],
      environment: environment.variables)
    return try Configuration(environment: environment.variables, file: file).complete(typed)
  }

  /// `check` answers wrong usage with its own “unknown”, everything else as sysexits has it.
  private static func exit(_ error: any Error, _ typed: TypedArguments) -> Never {
    if let failure = error as? CommandFailure {
      if let sentence = failure.sentence { Complaint.write(typed.hidden(in: sentence)) }
      Glibc.exit(failure.code)
    }
    let isCheck = typed.values.dropFirst().first == "check"
    if let problem = error as? ConfigurationError {
      Complaint.write(typed.hidden(in: problem.sentence))
      Glibc.exit(isCheck ? 3 : 1)
    }
    let code = Taskmon.exitCode(for: error)
    // Help and version are answers.
    guard code != .success else { Taskmon.exit(withError: error) }
    Complaint.write(typed.hidden(in: Taskmon.fullMessage(for: error)), isPlain: true)
    Glibc.exit(isCheck && code == .validationFailure ? 3 : code.rawValue)
  }
}

/// The command line as a whole.
struct Taskmon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "taskmon",
    abstract: "Reads Celery's Redis and says which mistake is being made.",
    discussion: """
      Needs no Python, no Celery app and no change to the workers. `taskmon demo` shows it on a \
      simulated fleet; `taskmon top` on your own Redis; `taskmon explain RULE` says what a finding \
      means and how to end it.
      """,
    version: Version.text,
    subcommands: [
      TopCommand.self, ServeCommand.self, CheckCommand.self, DoctorCommand.self,
      SnapshotCommand.self, ShowCommand.self, TaskCommand.self, RulesCommand.self,
      ExplainCommand.self,
      DemoCommand.self,
    ])
}

/// Why a command ended early: its exit code, and one sentence for standard error.
struct CommandFailure: Error {
  var code: Int32
  /// What failed, on what, and what to do; nil where everything has been said.
  var sentence: String?

  init(_ sentence: String?, code: Int32 = 1) {
    self.sentence = sentence
    self.code = code
  }
}

/// Standard error: complaints go there, the answer to standard output.
enum Complaint {
  static func write(_ sentence: String, isPlain: Bool = false) {
    Output.write((isPlain ? "" : "taskmon: ") + sentence + "\n", to: STDERR_FILENO)
  }
}

/// Writes whole texts to a descriptor; a reader that has gone away is no error.
enum Output {
  static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
