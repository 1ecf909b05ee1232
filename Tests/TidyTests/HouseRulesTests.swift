import Testing

/// Each rule finds what it is there to find, and leaves its nearest innocent neighbour alone.
@Suite("House rules judge rightly")
struct HouseRulesTests {
  struct Sample: Sendable, CustomStringConvertible {
    let rule: @Sendable (SourceFile) -> [Breach]
    let path: String
    let text: String
    /// Lines found at fault.
    let lines: [Int]

    var description: String { "\(path): \(text.prefix(40))" }
  }

  static let samples: [Sample] = [
    Sample(
      rule: HouseRules.foreignImports, path: "Sources/TaskmonModel/A.swift",
      text: "import Glibc\ninternal import CHiredis\n", lines: [2]),
    Sample(
      rule: HouseRules.foreignImports, path: "Sources/RedisClient/A.swift",
      text: "import CHiredis\n// import CNcurses\nimport CNcursesless\n", lines: []),
    Sample(
      rule: HouseRules.strayKeyNames, path: "Sources/TaskmonCollector/A.swift",
      text: "// unacked_index\nlet key = \"\\(prefix)unacked_index\"\n", lines: [2]),
    Sample(
      rule: HouseRules.strayKeyNames, path: "Sources/CeleryProtocol/A.swift",
      text: "let a = layout.pidboxExchange\nlet b = \"\\(layout.pidboxExchange)\"\n", lines: []),
    Sample(
      rule: HouseRules.strayKeyNames, path: "Sources/CeleryProtocol/KeyLayout.swift",
      text: "let key = \"celeryev\"\n", lines: []),
    Sample(
      rule: HouseRules.strayKeyNames, path: "Sources/TaskmonHealth/Rules/A.swift",
      text: "let page = \"redis-cli ZCARD unacked_index\"\n", lines: []),
    Sample(
      rule: HouseRules.strayMetricNames, path: "Sources/TaskmonTUI/A.swift",
      text: "let a = \"celery_queue_length\"\nlet b = \"taskmon_up\"\n", lines: [1, 2]),
    Sample(
      rule: HouseRules.strayMetricNames, path: "Sources/CeleryProtocol/A.swift",
      text: "let header = \"celery_beat_task\"\n", lines: []),
    Sample(
      rule: HouseRules.ownClocks, path: "Sources/RedisClient/A.swift",
      text: "let a = Date()\nusleep(3)\nsleep(1)\ntry await Task.sleep(for: a)\n",
      lines: [1, 2, 3, 4]),
    Sample(
      rule: HouseRules.ownClocks, path: "Sources/RedisClient/A.swift",
      text: "try await time.sleep(Seconds(1)) // not Task.sleep\n", lines: []),
    Sample(
      rule: HouseRules.ownClocks, path: "Sources/taskmon/A.swift",
      text: "let a = Date()\n", lines: []),
    Sample(
      rule: HouseRules.foreignPapers, path: "Sources/A/A.swift",
      text:
        "// As \(HouseRules.foreignPapers[0]) says\nlet a = \"\(HouseRules.foreignPapers[8])x\"\n"
        + "/// See README.md\n", lines: [1, 2]),
    Sample(
      rule: HouseRules.traps, path: "Sources/A/A.swift",
      text: "a = try! b()\nc = d as! E\nfatalError(\"x\")\nf = g!\nh = i!.j\nk[0]!()\n",
      lines: [1, 2, 3, 4, 5, 6]),
    Sample(
      rule: HouseRules.traps, path: "Sources/A/A.swift",
      text: "if a != b, !c, d.e != f { print(\"no! really!\") } // g!\nlet h = a! = b\n", lines: [2]
    ),
  ]

  @Test("a rule finds exactly the bad lines of its sample", arguments: samples)
  func findsBadLines(_ sample: Sample) {
    let found = sample.rule(SourceFile(path: sample.path, text: sample.text))
    #expect(Set(found.map(\.line)) == Set(sample.lines), "\(found)")
  }

  @Test("a fifth thing to send to Redis is seen, however it conforms")
  func wireCommands() {
    let text = """
      package struct ReadCommand: WireCommand, Hashable {}
      extension Purge: Sendable, WireCommand {}
      enum Other: Equatable { case a }
      func send(_ commands: [any WireCommand]) {}
      """
    let found = HouseRules.wireCommandTypes(in: SourceFile(path: "A.swift", text: text))
    #expect(found == ["ReadCommand", "Purge"])
  }

  @Test("a function one line too long is found, one at the limit is not")
  func functionLength() {
    let body = String(repeating: "  work()\n", count: HouseRules.longestFunction - 2)
    let fits = "func a() {\n\(body)}\n"
    let exceeds = "protocol P {\n  func a()\n}\ninit(\n  b: Int\n) {\n\(body)}\n"
    #expect(HouseRules.tooLong(in: SourceFile(path: "A.swift", text: fits)).isEmpty)
    #expect(
      HouseRules.tooLong(in: SourceFile(path: "A.swift", text: exceeds))
        == [Breach(path: "A.swift", line: 4, what: "function of 62 lines")])
  }

  @Test("a file and a line one over the limit are found")
  func fileLength() {
    let line = String(repeating: "x", count: HouseRules.longestLine)
    let fits = String(repeating: line + "\n", count: HouseRules.longestFile)
    #expect(HouseRules.tooLong(in: SourceFile(path: "A.swift", text: fits)).isEmpty)
    #expect(
      HouseRules.tooLong(in: SourceFile(path: "A.swift", text: fits + line + "y\n"))
        .map(\.what) == ["file of 401 lines", "line of 101 characters"])
  }

  @Test("braces, quotes and unwraps inside comments and literals are not code")
  func codeText() {
    let text = CodeText(##"a /* { /* ! */ } */ "b\"! \(c("}")) {" #"d\"# e // f"##)
    let uncommented = text.withoutComments.filter { $0 != " " }
    #expect(uncommented == ##"a"b\"!\(c("}")){"#"d\"#e"##)
    let code = text.withoutCommentsAndLiterals.filter { $0 != " " }
    #expect(code == ##"a""""#""#e"##, "an inner literal keeps its quotes")
    #expect(text.literals.filter { $0 != " " } == ##"b\"!}{d\"##)
  }

  @Test("an unlisted part and an untested one are found")
  func registration() {
    let registration = Registration(
      folder: "Sources/R", registries: ["Registry", "Other"], tests: "Tests/R")
    let sources = [
      SourceFile(path: "Sources/R/Good.swift", text: ""),
      SourceFile(path: "Sources/R/Bad.swift", text: ""),
      SourceFile(path: "Sources/Registry.swift", text: "[Good.self] // Bad"),
      SourceFile(path: "Sources/Other.swift", text: "[]"),
    ]
    let tests = [SourceFile(path: "Tests/R/GoodTests.swift", text: "")]
    #expect(
      registration.breaches(sources: sources, tests: tests).map(\.what)
        == ["Registry or Other does not name Bad", "no BadTests.swift in Tests/R"])
  }
}
