import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BrokerEvictsTests {
  /// Two looks a minute apart, between which `evicted` keys were thrown away.
  private static func seen(
    _ policy: String?, evicted: Int? = 0, max: ByteCount? = .mebibytes(8), apart: Double = 60
  ) -> SnapshotHistory {
    func look(_ at: Double, _ count: Int?) -> Snapshot {
      snapshot(
        at: ago(at), server: .value(server(max: max, policy: policy, evicted: count)))
    }
    return history(of: look(apart, evicted.map { _ in 100 }), look(0, evicted.map { 100 + $0 }))
  }

  @Test(arguments: [
    ("allkeys-lru", 0, ["warning broker"]), ("allkeys-lru", 1, ["critical broker"]),
    ("allkeys-random", 9, ["critical broker"]), ("volatile-lru", 0, ["info broker"]),
    ("volatile-ttl", 1, ["warning broker"]), ("noeviction", 5, []),
  ])
  func eachPolicyHasItsFindings(
    _ policy: String, _ evicted: Int, _ wanted: [String]
  ) throws {
    #expect(told(try verdict(BrokerEvicts.self, Self.seen(policy, evicted: evicted))) == wanted)
  }

  @Test func withoutALimitNothingIsEvictedWhateverThePolicy() throws {
    #expect(try verdict(BrokerEvicts.self, Self.seen("allkeys-lru", max: nil)) == .healthy)
    #expect(try verdict(BrokerEvicts.self, Self.seen("noeviction")) == .healthy)
  }

  @Test func whatWasEvictedLongAgoIsNoLongerCritical() throws {
    let old = Self.seen("allkeys-lru", evicted: 50, apart: 601)
    let said = try verdict(BrokerEvicts.self, old)
    #expect(told(said) == ["warning broker"])
    #expect(said.first?.evidence("evictedRecently") == .unknown)
    #expect(said.first?.evidence("evictedSinceStart") == .number(150))
  }

  @Test func theFindingTellsHowManyAndWhatMayBeAmongThem() throws {
    let said = try verdict(BrokerEvicts.self, Self.seen("allkeys-lru", evicted: 1200)).first
    #expect(
      said?.message
        == "allkeys-lru: 1,200 keys were thrown away within 10m, queues and bindings may be among"
        + " them")
    #expect(said?.evidence("maxMemoryBytes") == .number(8_388_608))
  }

  @Test func aFewEvictionsMayBeAllowed() throws {
    let set = ["broker-evicts.evicted=50"]
    #expect(
      told(try verdict(BrokerEvicts.self, Self.seen("allkeys-lru", evicted: 49), set: set))
        == ["warning broker"])
  }

  @Test func aPolicyThatWasNotReadIsUnknown() throws {
    #expect(
      try verdict(BrokerEvicts.self, Self.seen(nil))
        == .unknown("INFO does not tell maxmemory_policy"))
    #expect(try verdict(BrokerEvicts.self, history(of: snapshot())) == .unknown("not read yet"))
  }
}
