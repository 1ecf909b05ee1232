import Testing

/// The project keeps the rules of its house.
@Suite("The house is tidy")
struct TidyTests {
  @Test("there is something to look at")
  func somethingToLookAt() {
    #expect(SourceTree.sources.count > 20)
    #expect(SourceTree.tests.count > 10)
  }

  @Test("hiredis and OpenSSL are imported by RedisClient only, ncurses by TaskmonTerminal only")
  func imports() { expectTidy(SourceTree.sources, HouseRules.foreignImports) }

  @Test("Celery's key names stand in KeyLayout.swift only")
  func keyNames() { expectTidy(SourceTree.sources, HouseRules.strayKeyNames) }

  @Test("metric names stand in Families only")
  func metricNames() { expectTidy(SourceTree.sources, HouseRules.strayMetricNames) }

  @Test("nobody but the executable reads a clock or sleeps")
  func clocks() { expectTidy(SourceTree.sources, HouseRules.ownClocks) }

  @Test("nothing in Sources traps")
  func traps() { expectTidy(SourceTree.sources, HouseRules.traps) }

  @Test("nothing is mentioned that a reader does not have")
  func papers() {
    let others = SourceTree.others
    #expect(others.count > 10)
    expectTidy(SourceTree.sources + SourceTree.tests + others, HouseRules.foreignPapers)
  }

  @Test("functions, files and lines are short")
  func lengths() { expectTidy(SourceTree.sources + SourceTree.tests, HouseRules.tooLong) }

  @Test("what may be sent to Redis is exactly the six closed lists")
  func wireCommands() {
    let found = SourceTree.sources.flatMap(HouseRules.wireCommandTypes)
    #expect(Set(found) == HouseRules.wireCommands)
  }

  @Test("every part is registered and has its test file", arguments: Registration.all)
  func registered(_ registration: Registration) {
    let found = registration.breaches(sources: SourceTree.sources, tests: SourceTree.tests)
    #expect(found.isEmpty, "\(report(found))")
  }

  private func expectTidy(_ files: [SourceFile], _ rule: (SourceFile) -> [Breach]) {
    let found = files.flatMap(rule)
    #expect(found.isEmpty, "\(report(found))")
  }

  private func report(_ breaches: [Breach]) -> String {
    breaches.map(\.description).joined(separator: "\n")
  }
}
