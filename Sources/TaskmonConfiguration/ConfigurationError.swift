import RedisClient
import TaskmonHealth

/// Why a configuration was not taken: one sentence that names the place and what would be right.
package struct ConfigurationError: Error, Sendable, Equatable {
  package var sentence: String

  /// What is quoted may be a URL in the wrong place: it loses its password.
  package init(_ sentence: String) { self.sentence = URLSecrets.hidden(sentence) }

  /// Something at a line of a file.
  init(_ path: String, line: Int, _ sentence: String) {
    self.init("\(path):\(line): \(sentence)")
  }

  /// For a key that is not the name of a setting.
  static func unknownSetting(_ name: String, path: String, line: Int) -> Self {
    let names = Settings.all.filter(\.isInFile).map(\.name)
    // Keys written as variables or as in Python are meant well.
    let plain = String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    let hint =
      NearestName.of(plain, among: names).map { "did you mean \"\($0)\"?" }
      ?? "`taskmon COMMAND --help` lists the flags, whose names are the keys"
    return Self(path, line: line, "there is no setting \"\(name)\"; \(hint)")
  }
}
