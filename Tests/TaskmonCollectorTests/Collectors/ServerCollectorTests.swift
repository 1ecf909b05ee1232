import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ServerCollectorTests {
  static let info = """
    # Server\r
    redis_version:7.0.15\r
    run_id:aa11\r
    uptime_in_seconds:3600\r
    # Clients\r
    connected_clients:12\r
    maxclients:10000\r
    blocked_clients:3\r
    # Memory\r
    used_memory:1048576\r
    total_system_memory:8589934592\r
    maxmemory:2097152\r
    maxmemory_policy:noeviction\r
    # Persistence\r
    loading:0\r
    aof_enabled:1\r
    # Stats\r
    expired_keys:5\r
    evicted_keys:0\r
    instantaneous_ops_per_sec:17\r
    # Replication\r
    role:master\r
    # Errorstats\r
    errorstat_OOM:count=8\r
    # Keyspace\r
    db0:keys=10,expires=0,avg_ttl=0\r
    db3:keys=212,expires=200,avg_ttl=5\r
    """
  static let commands = """
    # Commandstats\r
    cmdstat_flushall:calls=2,usec=9,usec_per_call=4.50,rejected_calls=0,failed_calls=0\r
    cmdstat_flushdb:calls=1,usec=9,usec_per_call=4.50,rejected_calls=0,failed_calls=0\r
    """

  private static func reading(database: Int = 0) -> Reading<ServerCollector.Look> {
    ServerCollector.reading(database: database, now: { at(100.5) })
  }

  private static let time = RedisReply.array([.text("1795000100"), .text("250000")])

  @Test func `every field of INFO and TIME is read as it stands`() throws {
    let facts = try Self.reading().value([.text(Self.info), .text(Self.commands), Self.time]).facts
    #expect(
      facts
        == ServerFacts(
          version: "7.0.15", runID: "aa11", uptime: Seconds(3600), role: "master",
          usedMemory: .mebibytes(1), maxMemory: .mebibytes(2), systemMemory: .mebibytes(8192),
          evictionPolicy: "noeviction", evictedKeys: 0, expiredKeys: 5, connectedClients: 12,
          maxClients: 10000, blockedClients: 3, isLoading: false, appendOnly: true, flushes: 3,
          fullFlushes: 2,
          outOfMemoryErrors: 8, operationsPerSecond: 17, keys: 10, databases: [3: 212],
          clockOffset: Seconds(0.25)))
  }

  @Test func `what commands took is read by name, subcommands together`() throws {
    let commands = """
      # Commandstats\r
      cmdstat_memory|usage:calls=10,usec=30,usec_per_call=3.00,rejected_calls=0,failed_calls=0\r
      cmdstat_memory|stats:calls=1,usec=20,usec_per_call=20.00,rejected_calls=0,failed_calls=0\r
      cmdstat_llen:calls=7,usec=5,usec_per_call=0.71,rejected_calls=0,failed_calls=0\r
      cmdstat_scan:calls=x,usec=5\r
      """
    let look = try Self.reading().value([.text(Self.info), .text(commands), Self.time])
    #expect(
      look.served == [
        "MEMORY": ServedCommand(calls: 11, time: Seconds(0.00005)),
        "LLEN": ServedCommand(calls: 7, time: Seconds(0.000005)),
      ])
    let silent = try Self.reading().value([.text(Self.info), .failure("NOPERM no"), Self.time])
    #expect(silent.served.isEmpty)
  }

  @Test func `the broker's own database is not among the others`() throws {
    let facts = try Self.reading(database: 3).value(
      [.text(Self.info), .text(Self.commands), Self.time]).facts
    #expect(facts.keys == 212)
    #expect(facts.databases == [0: 10])
  }

  @Test func `what Redis does not tell stays unknown`() throws {
    let facts = try Self.reading().value([
      .text("run_id:x\r\nused_memory:5\r\n"), .failure("NOPERM no"), .failure("NOPERM no"),
    ]).facts
    #expect(facts.flushes == nil)
    #expect(facts.clockOffset == nil)
    #expect(facts.maxMemory == nil)
    #expect(facts.evictedKeys == nil)
    #expect(facts.outOfMemoryErrors == nil)
  }

  @Test(arguments: [
    ("# Errorstats\r\nerrorstat_ERR:count=2\r\n", 0), ("# Errorstats\r\n", 0), ("", nil),
    ("# Errorstats\r\nerrorstat_OOM:count=7\r\n", 7),
    ("# Errorstats\r\nerrorstat_ERRORSTATS_OVERFLOW:count=9\r\n", nil),
  ])
  func `no refused write among the listed errors is none`(_ list: String, _ count: Int?) throws {
    let facts = try Self.reading().value([
      .text("run_id:x\r\nused_memory:5\r\n" + list), .text(""), Self.time,
    ])
    #expect(facts.facts.outOfMemoryErrors == count)
  }

  @Test func `a Valkey is called by its name and its own version`() throws {
    let facts = try Self.reading().value([
      .text(
        "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n"
          + "run_id:x\r\nused_memory:5\r\n"),
      .text(""), Self.time,
    ])
    #expect(facts.facts.software == "Valkey 9.1.2")
  }

  @Test func `a limit of zero is no limit`() throws {
    let facts = try Self.reading().value([
      .text("run_id:x\r\nused_memory:5\r\nmaxmemory:0\r\n"), .text(""), Self.time,
    ]).facts
    #expect(facts.maxMemory == nil)
  }

  @Test(arguments: [
    (RedisReply.failure("NOPERM this user has no permissions"), "INFO: Redis does not permit"),
    (.text("nonsense"), "INFO: neither run_id nor used_memory"), (.null, "INFO: Redis answered no"),
  ])
  func `an answer that is no INFO is a sentence`(_ reply: RedisReply, _ begin: String) {
    let failure = Self.reading().result([reply, .text(""), Self.time]).failure
    #expect(failure?.description.hasPrefix(begin) == true)
  }

  @Test func `numbers beyond all bounds are no numbers`() {
    let info = ServerInfo(text: "used_memory:99999999999999999999\r\ndb99999999999999999999:keys=1")
    #expect(info.bytes("used_memory") == nil)
    #expect(info.databases() == [:])
  }

  @Test func `a real server tells all of it`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "k", "v", database: 2)
    try server.command("FLUSHDB")
    let link = server.link()
    let facts = try Self.reading().value(
      try await link.read(Self.reading().commands)
    ).facts
    #expect(facts.flushes == 1)
    #expect(facts.databases == [2: 1])
    #expect(facts.keys == 0)
    #expect(facts.usedMemory > .kibibytes(100))
    #expect(facts.systemMemory != nil)
    #expect(facts.clockOffset != nil)
  }
}
