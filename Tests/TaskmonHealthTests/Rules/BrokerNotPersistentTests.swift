import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BrokerNotPersistentTests {
  private static func judge(_ appendOnly: Bool?, _ snapshots: Bool?) throws -> Verdict {
    try verdict(
      BrokerNotPersistent.self,
      history(
        of: snapshot(server: .value(server(appendOnly: appendOnly, snapshots: snapshots)))))
  }

  @Test(
    arguments: [
      (true, false), (false, true), (true, true), (true, nil), (nil, true),
    ] as [(Bool?, Bool?)])
  func oneWayToDiskIsEnoughToBeHealthy(_ appendOnly: Bool?, _ snapshots: Bool?) throws {
    #expect(try Self.judge(appendOnly, snapshots) == .healthy)
  }

  @Test func neitherIsAnInfoAmongTheFindings() throws {
    let said = try Self.judge(false, false)
    #expect(told(said) == ["info broker"])
    #expect(
      said.first?.message == "Redis writes nothing to disk: a restart loses every waiting task")
    #expect(said.first?.evidence("appendOnly") == .flag(false))
    #expect(said.first?.evidence("uptimeSeconds") == .number(86400))
  }

  @Test func whatWasNotReadIsUnknown() throws {
    #expect(
      try Self.judge(false, nil)
        == .unknown("whether Redis writes snapshots was not read (CONFIG GET save)"))
    #expect(
      try Self.judge(nil, false)
        == .unknown("INFO does not say whether the append-only file is on"))
    #expect(
      try verdict(
        BrokerNotPersistent.self, history(of: snapshot(server: .unavailable("INFO: NOPERM"))))
        == .unknown("INFO: NOPERM"))
  }
}
