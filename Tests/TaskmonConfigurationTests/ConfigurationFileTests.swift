import Foundation
import TaskmonConfiguration
import TaskmonTestSupport
import Testing

@Suite("The configuration file")
struct ConfigurationFileTests {
  @Test("is a list of settings, each with its line")
  func entries() throws {
    let file = try ConfigurationFile(
      "# ours\nbroker: redis://h\n\nallowed-hosts: [a, b]\nstate: null\nworkers: 12\n", path: "f")
    #expect(
      file.entries == [
        "broker": .init(values: ["redis://h"], line: 2),
        "allowed-hosts": .init(values: ["a", "b"], line: 4),
        "workers": .init(values: ["12"], line: 6),
      ])
  }

  @Test("silences in sentences and in mappings")
  func silences() throws {
    let file = try ConfigurationFile(
      """
      silence:
        - broker-not-persistent until 2026-12-31 because it is a cache
        - {rule: stuck-task, subject: a.b, until: 2026-12-31T08:00:00Z, reason: "slow, known"}
      """, path: "f")
    #expect(
      file.entries["silence"]?.values == [
        "broker-not-persistent until 2026-12-31 because it is a cache",
        "stuck-task[a.b] until 2026-12-31T08:00:00Z because slow, known",
      ])
  }

  @Test("may be empty", arguments: ["", "\n", "# nothing\n", "---\n", "~\n"])
  func empty(_ text: String) throws {
    #expect(try ConfigurationFile(text, path: "f").entries.isEmpty)
  }

  /// Every mistake, and how the sentence begins.
  private static let mistakes: [(String, String)] = [
    ("\nrefrsh: 2s", "f:2: there is no setting \"refrsh\"; did you mean \"refresh\"?"),
    ("key_prefix: x", "f:1: there is no setting \"key_prefix\"; did you mean \"key-prefix\"?"),
    ("weather: x", "f:1: there is no setting \"weather\"; `taskmon COMMAND --help` lists"),
    ("config: x", "f:1: there is no setting \"config\""),
    ("set-in-file: x", "f:1: there is no setting \"set-in-file\""),
    ("a: 1\n  b: 2", "f:"),
    ("- refresh", "f:1: this is no list of `setting: value`"),
    ("refresh", "f:1: this is no list of `setting: value`"),
    ("[a]: b", "f:1: a key must be the name of a setting"),
    ("refresh: 2s\nrefresh: 3s", "f:"),
    ("ascii: true\nrefresh: soon", "f:2: refresh: \"soon\" is no duration; write 500ms"),
    ("refresh: 10ms", "f:1: refresh: \"10ms\" is too short; at least 0.1s"),
    ("refresh: [1s, 2s]", "f:1: refresh: this takes one value"),
    ("rule: {a: b}", "f:1: rule: this takes one value or a list of values"),
    ("rule: [[a]]", "f:1: rule: this is no single value"),
    ("fail-on: waring", "f:1: fail-on: there is no \"waring\"; did you mean \"warning\"?"),
    ("kind: weather", "f:1: kind: there is no \"weather\"; choose one of incident, practice, all"),
    ("format: xml", "f:1: format: there is no \"xml\"; choose one of"),
    ("workers: 65", "f:1: workers: \"65\" is no number from 1 to 64"),
    ("tasks-per-second: 0", "f:1: tasks-per-second: \"0\" is no number from 0.1 to 500"),
    ("ascii: maybe", "f:1: ascii: \"maybe\" is neither true nor false"),
    ("key-prefix: ''", "f:1: key-prefix: it is empty"),
    (
      "silence: stuck-task", "f:1: silence: \"stuck-task\" is no silence; write RULE[SUBJECT] until"
    ),
    ("silence: [{rule: stuck-task}]", "f:1: silence: a silence has rule, until, reason and, where"),
    ("set: 5", "f:1: set: write thresholds as `RULE: {THRESHOLD: VALUE}`"),
    ("set:\n  stuk-task: {hard-margin: 5s}", "f:2: set: there is no rule \"stuk-task\"; did you"),
    (
      "set:\n  stuck-task:\n    hard-margn: 5s",
      "f:3: set: the rule stuck-task has no threshold \"hard-margn\"; did you mean \"hard-margin\"?"
    ),
    (
      "set:\n  stuck-task:\n    hard-margin: soon",
      "f:3: set: \"soon\" is no value for stuck-task.hard-margin; write a duration"
    ),
  ]

  @Test("names file, line, key and what would be right", arguments: mistakes)
  func mistake(_ text: String, _ words: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationFile(text, path: "f")
    }
    #expect(error?.sentence.hasPrefix(words) == true, "\(error?.sentence ?? "")")
  }

  @Test(
    "a password in it is in no complaint",
    arguments: [
      "broker: redis://u:secret@h:x/0", "broker: amqp://u:secret@h", "broker: \"redis://:secret@",
      "broker: redis://:secret@h\nbroker: redis://:secret@h", "broker: redis://:secret@h: x",
      "\tbroker: redis://:secret@h", "backend: secret",
    ])
  func secrets(_ text: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationFile(text, path: "f")
    }
    #expect(error?.sentence.contains("secret") == false, "\(error?.sentence ?? "")")
  }

  @Test("aliases that multiply end in a sentence")
  func aliases() {
    let row = (0..<200).map { "t\($0): 1s" }.joined(separator: ", ")
    let rules = (0..<200).map { "  stuck-task[s\($0)]: *a" }.joined(separator: "\n")
    #expect(throws: ConfigurationError.self) {
      try ConfigurationFile("set:\n  stuck-task: &a {\(row)}\n\(rules)", path: "f")
    }
  }
}

@Suite("Where the configuration file is")
struct ConfigurationPlaceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
    let path = folder.path(name)
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  private func load(
    _ path: String? = nil, _ environment: [String: String] = [:]
  ) throws -> ConfigurationFile? {
    try ConfigurationFile.load(named: path, environment: environment)
  }

  @Test("the file named comes before the one in XDG_CONFIG_HOME, that before ~/.config")
  func order() throws {
    let named = try write("named.yaml", "refresh: 1s")
    _ = try write("xdg/taskmon/config.yaml", "refresh: 2s")
    _ = try write("home/.config/taskmon/config.yaml", "refresh: 3s")
    let both = ["XDG_CONFIG_HOME": folder.path("xdg"), "HOME": folder.path("home")]
    #expect(try load(named, both)?.entries["refresh"]?.values == ["1s"])
    #expect(try load(nil, both)?.entries["refresh"]?.values == ["2s"])
    #expect(try load(nil, ["HOME": folder.path("home")])?.entries["refresh"]?.values == ["3s"])
  }

  @Test("the working directory is never looked at")
  func workingDirectory() throws {
    _ = try write("taskmon/config.yaml", "weather: 1")
    let before = FileManager.default.currentDirectoryPath
    defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
    #expect(FileManager.default.changeCurrentDirectoryPath(folder.path))
    let found = try load(nil, ["XDG_CONFIG_HOME": "", "HOME": "."])
    #expect(found?.path.hasPrefix("/etc/") ?? true)
    #expect(try load(nil, ["XDG_CONFIG_HOME": "."])?.path.hasPrefix("/etc/") ?? true)
  }

  @Test("a file named that is not there is a mistake")
  func missing() {
    let error = #expect(throws: ConfigurationError.self) { try load(folder.path("none.yaml")) }
    #expect(error?.sentence.hasSuffix("there is no such file; --config named it") == true)
  }

  @Test(
    "a file that others may write is refused", arguments: [0o664, 0o646, 0o666, 0o622])
  func writable(_ mode: Int) throws {
    let path = try write("open.yaml", "refresh: 1s", mode: mode)
    let error = #expect(throws: ConfigurationError.self) { try load(path) }
    #expect(error?.sentence.contains("chmod go-w") == true)
  }

  @Test("a file that others may only read is taken", arguments: [0o600, 0o644, 0o444])
  func readable(_ mode: Int) throws {
    let path = try write("fine.yaml", "refresh: 1s", mode: mode)
    #expect(try load(path)?.entries.count == 1)
  }

  @Test("a stranger's file is refused", .enabled(if: geteuid() == 0, "only root can give it away"))
  func stranger() throws {
    let path = try write("theirs.yaml", "refresh: 1s")
    #expect(chown(path, 65534, 65534) == 0)
    let error = #expect(throws: ConfigurationError.self) { try load(path) }
    #expect(error?.sentence.contains("belongs to another user") == true)
  }

  @Test("what is no regular file, no text or too large is refused")
  func kinds() throws {
    #expect(throws: ConfigurationError.self) { try load(folder.path) }
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: ConfigurationError.self) { try load(pipe) }
    let large = try write("large.yaml", String(repeating: "#", count: (1 << 20) + 1))
    #expect(throws: ConfigurationError.self) { try load(large) }
    let bytes = folder.path("bytes.yaml")
    try Data([0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: bytes))
    #expect(throws: ConfigurationError.self) { try load(bytes) }
  }
}
