import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct ConnectionsNearLimitTests {
  private static func judge(_ clients: Int, of most: Int?) throws -> Verdict {
    let facts = server(clients: clients, maxClients: most)
    return try verdict(ConnectionsNearLimit.self, history(of: snapshot(server: .value(facts))))
  }

  @Test(arguments: [(7999, []), (8000, ["warning broker"]), (10_000, ["warning broker"])])
  func theShareIsJudgedAtItsLimit(_ clients: Int, _ wanted: [String]) throws {
    let said = try Self.judge(clients, of: 10_000)
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingsTellHowManyOfHowMany() throws {
    let finding = try Self.judge(9000, of: 10_000).first
    #expect(finding?.message == "9,000 of 10,000 connections are taken (90 %)")
    #expect(finding?.evidence("maxClients") == .number(10_000))
  }

  @Test(arguments: [nil, 0]) func withoutALimitNothingIsKnown(_ most: Int?) throws {
    #expect(try Self.judge(9000, of: most) == .unknown("INFO does not tell maxclients"))
    #expect(
      try verdict(ConnectionsNearLimit.self, history(of: snapshot())) == .unknown("not read yet"))
  }
}
