import TaskmonHealth
import TaskmonUnits
import Testing

@Suite struct ThresholdOverridesTests {
  @Test(
    arguments: [
      ("stuck-task.hard-margin=1m", nil, 60.0),
      ("stuck-task[billing.sync].hard-margin=90s", "billing.sync", 90),
      ("stuck-task[a].b[c]=d].hard-margin=5", "a].b[c]=d", 5),
      ("stuck-task[x y ü].hard-margin=500ms", "x y ü", 0.5),
    ] as [(String, String?, Double)])
  func aSettingIsReadForAllSubjectsOrOne(
    _ text: String, _ subject: String?, _ value: Double
  ) throws {
    let values = try ThresholdOverrides([text]).values(for: StuckTask.self)
    #expect(values.number("hard-margin", for: subject) == value)
    #expect(values.number("hard-margin", for: "another") == (subject == nil ? value : 10))
  }

  @Test(arguments: [
    ("stuck-task.hard-margin", "RULE.THRESHOLD=VALUE"), ("=5", "RULE.THRESHOLD=VALUE"),
    ("stuck-task=5", "RULE.THRESHOLD=VALUE"), ("stuck-task[].hard-margin=5", "RULE.THRESHOLD"),
    ("stuk-task.hard-margin=5", "did you mean \"stuck-task\"?"),
    ("weather.hard-margin=5", "`taskmon rules` lists them"),
    ("stuck-task.hard-margn=5", "did you mean \"hard-margin\"?"),
    ("stuck-task.colour=5", "it has hard-margin, soft-margin"),
    ("broker-unreachable.x=5", "has no thresholds"),
    ("stuck-task.hard-margin=soon", "write a duration such as 500ms"),
    ("stuck-task.hard-margin=-5s", "write a duration"),
    ("oversized-result.warning=big", "write a size such as 64KiB"),
    ("multiple-beats.ratio=nan", "a number that is not negative"),
  ])
  func whatIsWrongIsSaidWithWhatWouldBeRight(_ text: String, _ words: String) {
    let error = #expect(throws: ThresholdError.self) { try ThresholdOverrides([text]) }
    #expect(error?.sentence.contains(words) == true)
  }

  @Test func theLastSettingWinsAndItsOriginIsKnown() throws {
    var overrides = try ThresholdOverrides(["oversized-result.warning=1KiB"], origin: .file)
    try overrides.set("oversized-result.warning=2KiB")
    try overrides.set("oversized-result[a].critical=3KiB", origin: .environment)
    let id = OversizedResult.id
    #expect(overrides.values(for: OversizedResult.self).bytes("warning") == .kibibytes(2))
    #expect(overrides.origin(of: "warning", rule: id) == .flag)
    #expect(overrides.origin(of: "warning", rule: id, subject: "a") == .flag)
    #expect(overrides.origin(of: "critical", rule: id) == .standard)
    #expect(overrides.origin(of: "critical", rule: id, subject: "a") == .environment)
    #expect(overrides.subjects(of: id) == ["a"])
  }
}

@Suite struct HostileNumbersTests {
  @Test(arguments: [
    "multiple-beats.due-moments=1e300", "stuck-task.hard-margin=1e308d",
    "multiple-beats.ratio=inf", "oversized-result.warning=1e30GiB",
  ])
  func aValueBeyondAllReasonIsRefused(_ text: String) {
    #expect(throws: ThresholdError.self) { try ThresholdOverrides([text]) }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300])
  func timesThatAreNoneAreWrittenAndNeverTrap(_ seconds: Double) {
    let moment = Timestamp(secondsSince1970: seconds)
    #expect(moment.iso8601.hasSuffix("Z"))
    #expect(moment.clockTime(utcOffset: Seconds(seconds)) == "?")
  }
}
