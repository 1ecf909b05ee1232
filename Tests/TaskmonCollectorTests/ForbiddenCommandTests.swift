import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// One command of those taskmon uses is forbidden or renamed; everything else goes on.
@Suite struct ForbiddenCommandTests {
  enum Command: String, CaseIterable, Sendable {
    case info, client, scan, config, memory, publish
  }

  enum Way: String, CaseIterable, Sendable {
    case acl = "forbidden by ACL"
    case renamed
  }

  /// What goes with the command, and says why.
  private static func reasons(_ command: Command, _ snapshot: Snapshot) -> [String?] {
    let failures = Dictionary(
      snapshot.collectors.map { ($0.name, $0.failure) }, uniquingKeysWith: { $1 })
    let head = snapshot.queues.value?.first { $0.name == "celery" }
    switch command {
    case .info: return [snapshot.server.reason, snapshot.inspection.suspended]
    case .client: return []
    case .scan:
      return [
        snapshot.results.reason, snapshot.chords.reason, snapshot.replyLists.reason,
        failures["bindings"] ?? nil,
      ]
    case .config: return [failures["configuration"] ?? nil]
    case .memory:
      return [head?.head?.reason, head?.largest?.reason, snapshot.replyLists.reason]
    case .publish: return [snapshot.inspection.suspended]
    }
  }

  /// What goes on; nil while it has not come yet.
  private static func goesOn(_ command: Command, _ snapshot: Snapshot) -> Bool {
    guard snapshot.link.isUp, snapshot.unacked.value?.count == 1,
      let queue = snapshot.queues.value?.first(where: { $0.name == "celery" }),
      queue.ready == 1, queue.unacked == .value(1),
      snapshot.presence.value?.markers.isEmpty == false
    else { return false }
    if command != .memory {
      guard queue.head?.value?.taskID == "waiting" else { return false }
    }
    if command != .info, snapshot.server.value == nil { return false }
    if command != .config, command != .info {
      guard snapshot.server.value?.snapshotsConfigured == false else { return false }
    }
    if command != .scan {
      guard snapshot.results.value?.count == 1, snapshot.chords.value?.count == 1 else {
        return false
      }
      if command != .memory, snapshot.replyLists.value?.count != 1 { return false }
    }
    return command == .publish || command == .info
      || snapshot.workers.value?.first?.queues.value != nil
  }

  private static func fill(_ server: RedisServer) throws {
    let message = { (id: String) in
      #"{"body":"","headers":{"id":"\#(id)","task":"a.b"},"properties":{"delivery_tag":"\#(id)"}}"#
    }
    try server.command("SADD", "_kombu.binding.celery", "celery\u{6}\u{16}\u{6}\u{16}celery")
    try server.command("LPUSH", "celery", message("waiting"))
    try server.command("HSET", "unacked", "held", "[\(message("held")),\"\",\"celery\"]")
    try server.command("ZADD", "unacked_index", "1795000000", "held")
    try server.command("SETEX", "celery-task-meta-1", "600", #"{"status": "SUCCESS"}"#)
    try server.command("SETEX", "celery-taskset-meta-g.s", "600", "2")
    try server.command("RPUSH", "old.reply.celery.pidbox", "x")
  }

  @Test(arguments: Command.allCases, Way.allCases)
  func `the rest works, and what is missing says why`(_ command: Command, _ way: Way) async throws {
    let server: RedisServer
    var url: RedisURL
    switch way {
    case .acl:
      server = try await RedisServer()
      try server.command(
        "ACL", "SETUSER", "watcher", "on", ">pw", "~*", "&*", "+@all", "-\(command.rawValue)")
      url = RedisURL(
        location: .plain(.unix(path: server.socketPath)), username: "watcher",
        password: Secret("pw"))
    case .renamed:
      server = try await RedisServer(
        arguments: ["--rename-command", command.rawValue.uppercased(), "HIDDEN"])
      url = try server.url()
    }
    try Self.fill(server)
    // It shares the server, not the user, and answers what it is asked.
    let worker =
      command == .publish || command == .info
      ? nil : try ScriptedWorker("celery@w1", on: server)
    var configuration = MonitorConfiguration.quick(url)
    // Whoever cannot be asked does not tell where the results are.
    if worker == nil { configuration.backend = url }
    try await ObservedMonitor.observe(configuration) { monitor in
      try await eventually("\(command) \(way): the rest") {
        monitor.latest.map { Self.goesOn(command, $0) } == true
      }
      let fact = way == .acl ? "permi" : "unknown command"
      try await eventually("\(command) \(way): reasons") {
        monitor.latest.map { snapshot in
          Self.reasons(command, snapshot).allSatisfy {
            $0?.contains(fact) == true || $0?.contains("NOPERM") == true
          }
        } == true
      }
      try await eventually("first rounds end all the same") { monitor.firstRoundsDone }
    }
    _ = worker
  }
}
