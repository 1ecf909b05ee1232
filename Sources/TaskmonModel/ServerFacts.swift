package import TaskmonUnits

/// What `INFO` and `TIME` say of the Redis server; a field it does not print is nil.
package struct ServerFacts: Sendable, Equatable, Codable {
  /// What else than Redis it calls itself; nil for a Redis.
  package var product: String?
  /// Of the product, not of the Redis it takes after.
  package var version: String
  /// Changes whenever the server process is replaced.
  package var runID: String
  package var uptime: Seconds
  package var role: String
  package var usedMemory: ByteCount
  /// Nil when no `maxmemory` is set.
  package var maxMemory: ByteCount?
  package var systemMemory: ByteCount?
  package var evictionPolicy: String?
  package var evictedKeys: Int?
  package var expiredKeys: Int?
  package var connectedClients: Int
  package var maxClients: Int?
  package var blockedClients: Int?
  package var isLoading: Bool
  package var appendOnly: Bool?
  package var snapshotsConfigured: Bool?
  /// FLUSHALL and FLUSHDB calls since the server started or its statistics were reset.
  package var flushes: Int?
  /// The FLUSHALL calls among them, which empty every database.
  package var fullFlushes: Int?
  /// Refused writes since the server started (`errorstat_OOM`).
  package var outOfMemoryErrors: Int?
  package var operationsPerSecond: Int?
  /// Keys in the broker's database.
  package var keys: Int?
  /// Other databases of the server that hold keys, by number.
  package var databases: [Int: Int]
  /// taskmon's clock minus Redis' clock.
  package var clockOffset: Seconds?

  package init(
    product: String? = nil, version: String, runID: String, uptime: Seconds,
    role: String = "master",
    usedMemory: ByteCount, maxMemory: ByteCount? = nil, systemMemory: ByteCount? = nil,
    evictionPolicy: String? = nil, evictedKeys: Int? = nil, expiredKeys: Int? = nil,
    connectedClients: Int, maxClients: Int? = nil, blockedClients: Int? = nil,
    isLoading: Bool = false, appendOnly: Bool? = nil, snapshotsConfigured: Bool? = nil,
    flushes: Int? = nil, fullFlushes: Int? = nil, outOfMemoryErrors: Int? = nil,
    operationsPerSecond: Int? = nil, keys: Int? = nil,
    databases: [Int: Int] = [:], clockOffset: Seconds? = nil
  ) {
    self.product = product
    self.version = version
    self.runID = runID
    self.uptime = uptime
    self.role = role
    self.usedMemory = usedMemory
    self.maxMemory = maxMemory
    self.systemMemory = systemMemory
    self.evictionPolicy = evictionPolicy
    self.evictedKeys = evictedKeys
    self.expiredKeys = expiredKeys
    self.connectedClients = connectedClients
    self.maxClients = maxClients
    self.blockedClients = blockedClients
    self.isLoading = isLoading
    self.appendOnly = appendOnly
    self.snapshotsConfigured = snapshotsConfigured
    self.flushes = flushes
    self.fullFlushes = fullFlushes
    self.outOfMemoryErrors = outOfMemoryErrors
    self.operationsPerSecond = operationsPerSecond
    self.keys = keys
    self.databases = databases
    self.clockOffset = clockOffset
  }
  /// `Redis 7.0.15`, `Valkey 9.1.2`.
  package var software: String { "\(product ?? "Redis") \(version)" }
}

/// What shows that Celery uses this database, and where it was seen otherwise.
package struct CeleryPresence: Sendable, Equatable, Codable {
  /// Celery's fixed keys that exist here, as read.
  package var markers: [String]
  /// A full pass over the keys has looked for `_kombu.binding.*`: all queues declared are known.
  package var scanComplete: Bool
  /// Any Celery event was heard on this database's channels.
  package var heardEvents: Bool
  /// Where else Celery was seen: "db 1 (212 keys)", "channels /1.celeryev".
  package var elsewhere: [String]

  package init(
    markers: [String] = [], scanComplete: Bool = false, heardEvents: Bool = false,
    elsewhere: [String] = []
  ) {
    self.markers = markers
    self.scanComplete = scanComplete
    self.heardEvents = heardEvents
    self.elsewhere = elsewhere
  }
}
