import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct FleetOperatorTests {
  private static let revoke = ControlAction.revoke(
    id: "3f2a", terminates: false, workers: ["celery@w1", "celery@w2"])

  private static func configuration(
    _ url: RedisURL, allowsControl: Bool = true, isReadOnly: Bool = false,
    wait: Seconds = Seconds(20)
  ) -> MonitorConfiguration {
    var configuration = MonitorConfiguration.quick(url, isReadOnly: isReadOnly) {
      $0.actionReplyWait = wait
    }
    configuration.allowsControl = allowsControl
    return configuration
  }

  private static func perform(
    _ action: ControlAction, _ configuration: MonitorConfiguration
  ) async -> ControlOutcome {
    await FleetOperator(
      configuration, time: SystemTime.source, cost: RedisCostCounter()
    ).perform(action, layout: configuration.layout)
  }

  private static func answer(_ worker: String, _ text: String) -> ControlAnswers.Answer {
    ControlAnswers.Answer(worker: worker, text: text)
  }

  private static func lists(_ server: RedisServer) throws -> WireValue {
    try server.command("KEYS", "taskmon-*")
  }

  @Test func `all workers hear a revocation, and their answers are told`() async throws {
    let server = try await RedisServer()
    let first = try ScriptedWorker("celery@w1", on: server)
    let second = try ScriptedWorker("celery@w2", on: server)
    first.answer("revoke", with: #"{"ok": "tasks {'3f2a'} flagged as revoked"}"#)
    second.answer("revoke", with: #"{"error": "KeyError('revoke')"}"#)
    let outcome = await Self.perform(Self.revoke, Self.configuration(try server.url()))
    let agreed = [Self.answer("celery@w1", "tasks {'3f2a'} flagged as revoked")]
    let refused = [Self.answer("celery@w2", "KeyError('revoke')")]
    #expect(outcome == .answered(ControlAnswers(agreed: agreed, refused: refused)))
    #expect(first.requests.allSatisfy { 0 < $0.timeToLive && $0.lastElement == "taskmon" })
    #expect(try Self.lists(server) == .array([]))
  }

  @Test func `only the workers named hear the rest`() async throws {
    let server = try await RedisServer()
    let named = try ScriptedWorker("celery@w1", on: server)
    let bystander = try ScriptedWorker("celery@w2", on: server)
    named.answer("pool_grow", with: #"{"ok": "pool will grow"}"#)
    let configuration = Self.configuration(try server.url())
    let outcome = await Self.perform(
      .growPool(by: 2, workers: ["celery@w1"]), configuration)
    let agreed = [Self.answer("celery@w1", "pool will grow")]
    #expect(outcome == .answered(ControlAnswers(agreed: agreed)))
    #expect(
      await Self.perform(.growPool(by: 2, workers: []), configuration)
        == .notSent("no worker was named"))
    #expect(named.methods() == ["pool_grow"] && bystander.methods() == [])
  }

  @Test func `who does not answer is named, and its late answer finds a list that expires`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.answer("cancel_consumer", with: #"{"ok": "no longer consuming from mail"}"#)
    worker.fallSilent()
    let outcome = await Self.perform(
      .cancelConsumer(queue: "mail", workers: ["celery@w1"]),
      Self.configuration(try server.url(), wait: Seconds(0.1)))
    #expect(outcome == .answered(ControlAnswers(silent: ["celery@w1"])))
    let request = try await worker.heard(1)
    try worker.answerLate(request)
    #expect(try server.command("TTL", request.list).integer ?? -1 > 0)
  }

  @Test func `an end is told and not waited for, and without listeners nothing is done`()
    async throws
  {
    let server = try await RedisServer()
    let configuration = Self.configuration(try server.url())
    let action = ControlAction.shutDown([WorkerID(name: "celery@w1", pid: 1)])
    #expect(
      await Self.perform(action, configuration) == .notSent("no worker listens for it"))
    let worker = try ScriptedWorker("celery@w1", on: server)
    #expect(await Self.perform(action, configuration) == .toldToEnd(saidGoodbye: false))
    try await eventually("it has heard") { worker.methods() == ["shutdown"] }
  }

  @Test func `a queue is emptied in all its lists, and nothing beside them`() async throws {
    let server = try await RedisServer()
    for key in ["px:mail", "px:mail", "px:mail\u{6}\u{16}3", "px:mailbox", "mail"] {
      try server.command("RPUSH", key, "message")
    }
    try server.command("HSET", "px:unacked", "tag", "message")
    var configuration = Self.configuration(try server.url())
    configuration.keyPrefix = "px:"
    let outcome = await Self.perform(.purge(queue: "mail"), configuration)
    #expect(outcome == .purged(queue: "mail", messages: 3))
    #expect(try server.command("EXISTS", "px:mailbox", "mail", "px:unacked") == .integer(3))
    #expect(try server.command("DBSIZE") == .integer(3))
    #expect(
      await Self.perform(.purge(queue: "mail"), configuration)
        == .purged(queue: "mail", messages: 0))
  }

  @Test func `what is no list is left alone`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "mail", "text")
    guard
      case .notSent(let reason) = await Self.perform(
        .purge(queue: "mail"), Self.configuration(try server.url()))
    else {
      Issue.record("it was removed")
      return
    }
    #expect(reason.hasPrefix("WRONGTYPE"))
    #expect(try server.command("EXISTS", "mail") == .integer(1))
  }

  @Test func `where it is not allowed, under read-only and on a full Redis nothing is sent`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("RPUSH", "mail", "message")
    let url = try server.url()
    for action in [Self.revoke, .purge(queue: "mail")] {
      #expect(
        await Self.perform(action, Self.configuration(url, allowsControl: false))
          == .notSent("it takes --allow-control"))
      #expect(
        await Self.perform(action, Self.configuration(url, isReadOnly: true))
          == .notSent("--read-only changes nothing"))
    }
    #expect(try server.command("LLEN", "mail") == .integer(1))
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    guard case .notSent(let reason) = await Self.perform(Self.revoke, Self.configuration(url))
    else {
      Issue.record("somebody was told")
      return
    }
    #expect(reason.contains("of maxmemory"))
    #expect(worker.methods() == [])
    #expect(
      await Self.perform(.purge(queue: "mail"), Self.configuration(url))
        == .purged(queue: "mail", messages: 1), "this makes room")
  }

  @Test func `an unreachable Redis is told, and nothing was done`() async throws {
    let server = try await RedisServer()
    let url = try server.url()
    try await server.kill9()
    for action in [Self.revoke, .purge(queue: "mail")] {
      guard case .notSent = await Self.perform(action, Self.configuration(url)) else {
        Issue.record("it is said to be done")
        return
      }
    }
  }

  @Test(
    arguments: [
      ("-publish", revoke, "lacks +publish"), ("resetchannels", revoke, "lacks &/0.celery.pidbox"),
      ("-rpush", revoke, "lacks +rpush"), ("-unlink", .purge(queue: "mail"), "lacks +unlink"),
      ("resetkeys %R~*", .purge(queue: "mail"), "lacks write access to its key"),
    ] as [(String, ControlAction, String)])
  func `what the user may not is said with the right that lacks`(
    _ rule: String, _ action: ControlAction, _ said: String
  ) async throws {
    let server = try await RedisServer()
    try server.command("RPUSH", "mail", "message")
    let user = ["ACL", "SETUSER", "op", "on", ">pw", "+@all", "~*", "&*"]
    try server.command(
      bytes: (user + rule.split(separator: " ").map(String.init)).map { Array($0.utf8) })
    let url = try server.url().with(username: "op", password: Secret("pw"))
    guard case .notSent(let reason) = await Self.perform(action, Self.configuration(url))
    else {
      Issue.record("it was done")
      return
    }
    #expect(reason.contains(said), "\(reason)")
    #expect(try server.command("LLEN", "mail") == .integer(1))
  }

  @Test func `where only some lists of a queue were removed, that is said`() async throws {
    let server = try await RedisServer()
    try server.command("RPUSH", "mail", "message")
    try server.command("RPUSH", "mail\u{6}\u{16}3", "message")
    try server.command(
      "ACL", "SETUSER", "op", "on", ">pw", "+@all", "&*", "%R~*", "~mail")
    // Where it is full each list is removed by itself.
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    let url = try server.url().with(username: "op", password: Secret("pw"))
    guard
      case .unclear(let reason) = await Self.perform(
        .purge(queue: "mail"), Self.configuration(url))
    else {
      Issue.record("it is said to be done, or not begun")
      return
    }
    #expect(reason.hasPrefix("a part of it was removed, then: NOPERM"), "\(reason)")
    #expect(try server.command("EXISTS", "mail") == .integer(0))
    #expect(try server.command("LLEN", "mail\u{6}\u{16}3") == .integer(1))
  }

  @Test func `a connection that may ask for events may not act`() async throws {
    let server = try await RedisServer()
    let link = server.link(allows: [.read, .replyList, .control, .change])
    let command = OperatorCommand(
      .shutdown, to: ["celery@w1"], owner: "o", ticket: "t", expires: at(0), layout: layout)
    for commands in [[command], OperatorCommand.purge("mail", layout)] {
      do {
        _ = try await link.send(commands)
        Issue.record("it was sent")
      } catch {
        #expect(error.kind == .noPermission)
      }
    }
  }

  @Test func `a worker that was changed is asked anew what it is`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.answer("add_consumer", with: #"{"ok": "add consumer mail"}"#)
    var configuration = Self.configuration(try server.url())
    configuration.inspectInterval = Seconds(1)
    try await ObservedMonitor.observe(configuration) { monitor in
      try await eventually("its queues are known") {
        monitor.latest?.workers.value?.first?.queues.value == ["celery"]
      }
      worker.answer("active_queues", with: #"[{"name": "celery"}, {"name": "mail"}]"#)
      let outcome = await monitor.monitor.perform(
        .addConsumer(queue: "mail", workers: ["celery@w1"]))
      let agreed = [Self.answer("celery@w1", "add consumer mail")]
      #expect(outcome == .answered(ControlAnswers(agreed: agreed)))
      try await eventually("both queues are known") {
        monitor.latest?.workers.value?.first?.queues.value == ["celery", "mail"]
      }
    }
  }
}
