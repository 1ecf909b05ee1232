import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BrokerMemoryHighTests {
  private static func judge(
    _ used: Int, max: ByteCount? = ByteCount(1000), host: ByteCount? = ByteCount(1000),
    policy: String? = "noeviction"
  ) throws -> Verdict {
    let facts = server(used: ByteCount(used), max: max, host: host, policy: policy)
    return try verdict(BrokerMemoryHigh.self, history(of: snapshot(server: .value(facts))))
  }

  @Test(arguments: [
    (799, []), (800, ["warning broker"]), (949, ["warning broker"]), (950, ["critical broker"]),
    (2000, ["critical broker"]),
  ])
  func theShareOfMaxmemoryIsJudgedAtItsLimits(_ used: Int, _ wanted: [String]) throws {
    let said = try Self.judge(used)
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test(arguments: [(799, []), (800, ["warning broker"]), (999, ["warning broker"])])
  func withoutMaxmemoryTheHostsMemoryIsAWarningAtMost(_ used: Int, _ wanted: [String]) throws {
    #expect(told(try Self.judge(used, max: nil)) == wanted)
  }

  @Test(arguments: ["allkeys-lru", "volatile-ttl"])
  func whereKeysAreEvictedBrokerEvictsSpeaks(_ policy: String) throws {
    #expect(try Self.judge(999, policy: policy) == .healthy)
  }

  private static func seen(refused: [Int?], apart: Double = 60) -> SnapshotHistory {
    let looks = refused.enumerated().map { index, count in
      snapshot(
        at: ago(Double(refused.count - 1 - index) * apart),
        server: .value(
          server(used: .mebibytes(8), max: .mebibytes(8), policy: "volatile-lru", refused: count)))
    }
    return looks.reduce(into: SnapshotHistory()) { $0.absorb($1) }
  }

  @Test func aRefusedWriteIsCriticalWhereNothingIsLeftToEvict() throws {
    let said = try verdict(BrokerMemoryHigh.self, Self.seen(refused: [0, 1200]))
    #expect(told(said) == ["critical broker"])
    #expect(
      said.first?.message
        == "Redis refused 1,200 writes within 10m: full, and volatile-lru had nothing to throw away"
    )
    #expect(said.first?.evidence("refusedWrites") == .number(1200))
  }

  @Test(arguments: [[3, 3], [nil, nil], [nil, 3], [3]] as [[Int?]])
  func writesRefusedBeforeWeLookedOrNotCountedAreNotHeldAgainstIt(_ refused: [Int?]) throws {
    #expect(try verdict(BrokerMemoryHigh.self, Self.seen(refused: refused)) == .healthy)
  }

  @Test func whatWasRefusedLongAgoIsOver() throws {
    let fresh = Self.seen(refused: [0, 5], apart: 400)
    #expect(told(try verdict(BrokerMemoryHigh.self, fresh)) == ["critical broker"])
    let old = Self.seen(refused: [0, 5, 5], apart: 400)
    #expect(try verdict(BrokerMemoryHigh.self, old) == .healthy)
  }

  @Test func theFindingsTellTheShareAndOfWhat() throws {
    let full = try Self.judge(1900, max: .kibibytes(2)).first
    #expect(full?.message == "1.9 KiB used, 92 % of the 2.0 KiB of maxmemory")
    #expect(full?.evidence("limit") == .text("maxmemory"))
    let host = try Self.judge(1900, max: nil, host: .kibibytes(2)).first
    #expect(
      host?.message
        == "1.9 KiB used, 92 % of the 2.0 KiB of the host's memory, and no maxmemory is set")
  }

  @Test func withoutACeilingNothingIsKnown() throws {
    #expect(
      try Self.judge(999, max: nil, host: nil)
        == .unknown("no maxmemory is set, and INFO does not tell the host's memory"))
    #expect(try Self.judge(999, policy: nil) == .unknown("INFO does not tell maxmemory_policy"))
    #expect(
      try verdict(BrokerMemoryHigh.self, history(of: snapshot())) == .unknown("not read yet"))
  }
}
