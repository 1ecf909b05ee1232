import TaskmonConfiguration
import Testing

@Suite("What is set besides the flags")
struct ConfigurationTests {
  private static func file(_ text: String) throws -> ConfigurationFile {
    try ConfigurationFile(text, path: "/etc/taskmon/taskmon.yaml")
  }

  /// One case per kind of setting: what the file says, what the environment says, what results.
  private static let precedence: [(String, [String: String], [String], [String])] = [
    ("refresh: 5s", [:], ["top"], ["--refresh=5s"]),
    ("refresh: 5s", ["TASKMON_REFRESH": "3s"], ["top"], ["--refresh=3s"]),
    ("refresh: 5s", ["TASKMON_REFRESH": ""], ["top"], ["--refresh=5s"]),
    ("refresh: 5s", ["TASKMON_REFRESH": "3s"], ["top", "--refresh", "1s"], []),
    ("refresh: 5s", ["TASKMON_REFRESH": "3s"], ["top", "--refresh=1s"], []),
    ("refresh: 5s", ["TASKMON_REFRESH": "3s"], ["serve"], []),
    ("ascii: true", [:], ["top"], ["--ascii"]),
    ("ascii: true", ["TASKMON_ASCII": "off"], ["top"], []),
    ("ascii: false", ["TASKMON_ASCII": "1"], ["top"], ["--ascii"]),
    ("broker: redis://file", [:], ["check"], ["--broker=redis://file"]),
    (
      "broker: redis://file", ["CELERY_BROKER_URL": "redis://celery"], ["check"],
      ["--broker=redis://celery"]
    ),
    (
      "", ["CELERY_BROKER_URL": "redis://celery", "TASKMON_BROKER": "prod=redis://own"], ["check"],
      ["--broker=prod=redis://own"]
    ),
    (
      "rule: [stuck-task, lost-worker]", [:], ["check"],
      ["--rule=stuck-task", "--rule=lost-worker"]
    ),
    ("rule: [stuck-task]", ["TASKMON_RULE": "a,b"], ["check"], ["--rule=a", "--rule=b"]),
    ("rule: stuck-task", [:], ["check", "--rule", "x"], []),
    ("format: nagios", [:], ["check"], ["--format=nagios"]),
    ("format: nagios", [:], ["show"], []),
    ("", ["TASKMON_FORMAT": "csv"], ["show"], ["--format=csv"]),
    ("", ["TASKMON_FORMAT": "csv"], ["check"], []),
    ("workers: 8", [:], ["demo"], ["--workers=8"]),
    ("visibility-timeout: 2h", [:], ["doctor"], ["--visibility-timeout=2h"]),
    ("from: http://h:1", [:], ["check"], ["--from=http://h:1"]),
    ("from: http://h:1", [:], ["check", "--broker", "redis://x"], []),
    ("from: http://h:1", [:], ["check", "--replay=f"], []),
    (
      "from: http://h:1", ["TASKMON_BROKER": "redis://x"], ["check"], ["--broker=redis://x"]
    ),
    ("priority-steps: [0, 5]", [:], ["top"], ["--priority-steps=0", "--priority-steps=5"]),
    ("priority-steps: 0,5", [:], ["top"], ["--priority-steps=0,5"]),
    (
      "", ["TASKMON_PRIORITY_STEPS": "0,5"], ["top"],
      ["--priority-steps=0", "--priority-steps=5"]
    ),
    ("sep: \":\"", [:], ["top"], ["--sep=:"]),
    ("fanout-patterns: false", [:], ["serve"], ["--fanout-patterns=false"]),
    ("fanout-prefix: false", ["TASKMON_FANOUT_PREFIX": "/x."], ["top"], ["--fanout-prefix=/x."]),
    ("sentinel-tls: true", [:], ["doctor"], ["--sentinel-tls"]),
    ("refresh:", [:], ["top"], []),
    ("", ["TASKMON_BROKER": "redis://x"], ["--version"], []),
  ]

  @Test("a flag comes before a variable, a variable before the file", arguments: precedence)
  func layers(
    _ text: String, _ environment: [String: String], _ arguments: [String], _ added: [String]
  ) throws {
    let configuration = Configuration(environment: environment, file: try Self.file(text))
    let wanted = [arguments[0]] + added + arguments.dropFirst()
    #expect(try configuration.complete(arguments) == wanted)
  }

  @Test("thresholds of all layers are handed on, each by the flag of its origin")
  func thresholds() throws {
    let file = try Self.file(
      """
      set:
        stuck-task:
          hard-margin: 20s
        queue-without-consumers[a, b]:
          warning: 2h
        oversized-result.warning: 1MiB
      """)
    let configuration = Configuration(
      environment: ["TASKMON_SET": "stuck-task[x,y].hard-margin=5s, stuck-task.hard-margin=6s"],
      file: file)
    #expect(
      try configuration.complete(["rules", "--set", "stuck-task.hard-margin=7s"]) == [
        "rules", "--set-in-file=stuck-task.hard-margin=20s",
        "--set-in-file=queue-without-consumers[a, b].warning=2h",
        "--set-in-file=oversized-result.warning=1MiB",
        "--set-in-environment=stuck-task[x,y].hard-margin=5s",
        "--set-in-environment=stuck-task.hard-margin=6s", "--set", "stuck-task.hard-margin=7s",
      ])
  }

  @Test(
    "a variable that is wrong is named, and a URL is never quoted",
    arguments: [
      (["TASKMON_REFRESH": "soon"], "TASKMON_REFRESH: \"soon\" is no duration"),
      (["TASKMON_REFRESH": "1ms"], "TASKMON_REFRESH: \"1ms\" is too short; at least 0.1s"),
      (["TASKMON_ASCII": "perhaps"], "TASKMON_ASCII: \"perhaps\" is neither true nor false"),
      (["TASKMON_THEME": "drak"], "TASKMON_THEME: there is no \"drak\"; did you mean \"dark\"?"),
      (["TASKMON_SET": "stuck-task.x=1"], "TASKMON_SET: the rule stuck-task has no threshold"),
      (["TASKMON_PRIORITY_STEPS": "0,x"], "TASKMON_PRIORITY_STEPS: \"x\" are no priority steps"),
      (["TASKMON_FANOUT_PATTERNS": "maybe"], "TASKMON_FANOUT_PATTERNS: \"maybe\" is neither true"),
      (["TASKMON_THEME": "redis://:secret@h"], "TASKMON_THEME: there is no \"redis://:***@h\""),
      (["CELERY_BROKER_URL": "amqp://u:secret@h"], "CELERY_BROKER_URL: "),
    ])
  func wrongVariables(_ environment: [String: String], _ words: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: environment).complete(["top"])
    }
    #expect(error?.sentence.hasPrefix(words) == true, "\(error?.sentence ?? "")")
    #expect(error?.sentence.contains("secret") == false)
  }

  @Test("every setting has a default that it would take itself")
  func defaults() {
    for setting in Settings.all {
      #expect(setting.standard.flatMap { setting.fault(in: $0) } == nil, "\(setting.name)")
      #expect(setting.help.hasSuffix("."), "\(setting.name)")
    }
  }

  @Test("two settings of one name never belong to one command")
  func names() {
    for command in CommandName.allCases {
      let names = Settings.all.filter { $0.commands.contains(command) }.map(\.name)
      #expect(names.count == Set(names).count, "\(command)")
    }
  }
}

@Suite("kombu's transport options")
struct TransportOptionTests {
  @Test(
    "steps are whole numbers, sorted, each once, no more than sixteen",
    arguments: [
      ("0,3,6,9", [0, 3, 6, 9]), ("9, 0,0", [0, 9]), ("5", [5]), ("", []), ("0,,1", []),
      ("0,x", []), ("-1,2", []), ("1.5", []),
      ((0...15).map(String.init).joined(separator: ","), Array(0...15)),
      ((0...16).map(String.init).joined(separator: ","), []),
    ])
  func steps(_ text: String, _ wanted: [Int]) {
    #expect(TransportOption.steps(text) == wanted)
  }
}

@Suite("Bounds of buckets")
struct BucketBoundsTests {
  @Test(
    "are seconds that ascend, with or without the infinite one",
    arguments: [
      ("0.1,1,10", [0.1, 1, 10]), ("1", [1]), ("0.005, 5e1,+Inf", [0.005, 50]), ("2,inf", [2]),
    ])
  func right(_ text: String, _ wanted: [Double]) {
    #expect(BucketBounds.fault(in: text) == nil)
    #expect(BucketBounds.bounds(text) == wanted)
  }

  @Test(
    "are refused with a reason",
    arguments: [
      ("", "are no bounds"), ("1,,2", "are no bounds"), ("a", "are no bounds"),
      ("1,nan", "are no bounds"), ("0,1", "more than 0"), ("-1", "more than 0"),
      ("2,1", "must ascend"), ("1,1", "must ascend"), ("inf,1", "must ascend"),
      ("+Inf", "these are 0 bounds"),
      ((1...65).map(String.init).joined(separator: ","), "these are 65 bounds"),
    ])
  func wrong(_ text: String, _ reason: String) {
    #expect(BucketBounds.fault(in: text)?.contains(reason) == true)
    #expect(BucketBounds.bounds(text) == nil)
  }

  @Test("come from our variable, from that of another exporter, and from the file")
  func sources() throws {
    let environment = ["CE_BUCKETS": "1,2", "TASKMON_QUEUE_WAIT_BUCKETS": "3,4"]
    #expect(
      try Configuration(environment: environment).flags(for: .serve, given: [])
        == ["--buckets=1,2", "--queue-wait-buckets=3,4"])
    let file = try ConfigurationFile("buckets: 0.5,5\n", path: "/f")
    #expect(try Configuration(file: file).flags(for: .serve, given: []) == ["--buckets=0.5,5"])
    #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["CE_BUCKETS": "2,1"]).flags(for: .serve, given: [])
    }
    #expect(throws: ConfigurationError.self) {
      try ConfigurationFile("buckets: 2,1\n", path: "/f")
    }
  }
}

@Suite("What was typed")
struct GivenArgumentsTests {
  @Test("flags are seen up to the double dash, the command only at the front")
  func flags() {
    let given = GivenArguments(["demo", "--workers=2", "--ascii", "--", "x", "--refresh", "1s"])
    #expect(given.command == .demo)
    #expect(given.flags == ["workers", "ascii"])
    #expect(GivenArguments(["--version"]).command == nil)
    #expect(GivenArguments([]).command == nil)
  }

  @Test(
    "the file is found however it is written",
    arguments: [
      (["top", "--config", "a"], "a"), (["top", "--config=a=b"], "a=b"),
      (["top", "--config"], nil),
      (["top"], nil),
    ] as [([String], String?)])
  func config(_ arguments: [String], _ path: String?) {
    #expect(GivenArguments(arguments).configPath == path)
  }

  @Test(
    "help and version are given whatever the file says",
    arguments: [
      (["top", "--help"], true), (["top", "-h"], true), (["top", "--version"], true),
      (["--generate-completion-script=bash"], true), (["top", "--", "--help"], false),
      (["top"], false),
    ])
  func help(_ arguments: [String], _ wants: Bool) {
    #expect(GivenArguments(arguments).wantsHelp == wants)
  }
}
