import ArgumentParser
import TaskmonConfiguration
import TaskmonHealth

/// What is known and not to be told.
struct SilenceOptions: ParsableArguments {
  @Option(setting: "silence") var texts: [String]
  @Option(setting: "silence-file") var file: String?

  func silences() throws -> [Silence] {
    do {
      return try texts.map { text throws(SilenceError) in try Silence(text) }
    } catch {
      throw ValidationError("--silence: \(error.sentence)")
    }
  }
}
