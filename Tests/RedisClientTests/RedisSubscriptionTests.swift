import Dispatch
import RedisClient
import Synchronization
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("A subscription hears everything, and says when it did not")
struct RedisSubscriptionTests {
  /// A running subscription and what it has said.
  private final class Listener: Sendable {
    let signals = Collected<Heard>()
    let task: Task<Void, Never>

    init(_ url: RedisURL, patterns: [String], limits: RedisLimits = .quick()) {
      let subscription = RedisSubscription(
        url: url, time: time, limits: limits, patterns: patterns.map { RedisKey($0) })
      task = Task { [signals] in await subscription.hear { signals.add($0) } }
    }

    deinit { task.cancel() }

    var messages: [SubscriptionMessage] {
      signals.all.flatMap { signal -> [SubscriptionMessage] in
        guard case .messages(let messages, _) = signal else { return [] }
        return messages
      }
    }

    func count(_ kind: String) -> Int {
      signals.all.count { signal in
        switch signal {
        case .subscribed: kind == "subscribed"
        case .messages: kind == "messages"
        case .alive: kind == "alive"
        case .stalled: kind == "stalled"
        case .lost: kind == "lost"
        }
      }
    }
  }

  private func message(_ channel: String, _ payload: String) -> SubscriptionMessage {
    SubscriptionMessage(channel: Array(channel.utf8), payload: Array(payload.utf8))
  }

  @Test("messages of several patterns come in order, with channel and bytes as they were")
  func delivers() async throws {
    let server = try await RedisServer()
    let listener = Listener(try server.url(database: 2), patterns: ["a.*", "b.?"])
    try await eventually { listener.count("subscribed") == 1 }
    let client = try server.connect()
    try client.command("PUBLISH", "a.1", "one")
    try client.command("PUBLISH", "c.1", "not for us")
    try client.pipeline([[Array("PUBLISH".utf8), Array("b.2".utf8), [0, 13, 10, 255]]])
    try client.command("PUBLISH", "a.", "")
    try await eventually { listener.messages.count >= 3 }
    #expect(
      listener.messages == [
        message("a.1", "one"),
        SubscriptionMessage(channel: Array("b.2".utf8), payload: [0, 13, 10, 255]),
        message("a.", ""),
      ])
    #expect(listener.count("lost") == 0)
  }

  @Test("fifty thousand messages arrive, every one, in order")
  func flood() async throws {
    let server = try await RedisServer()
    let total = Mutex((count: 0, ordered: true, ready: false))
    let subscription = RedisSubscription(
      url: try server.url(), time: time, patterns: [RedisKey("flood")])
    let task = Task {
      await subscription.hear { signal in
        total.withLock { state in
          if case .subscribed = signal { state.ready = true }
          guard case .messages(let messages, _) = signal else { return }
          for message in messages {
            if message.payload != Array("message \(state.count)".utf8) { state.ordered = false }
            state.count += 1
          }
        }
      }
    }
    try await eventually { total.withLock { $0.ready } }
    let client = try server.connect()
    for thousand in 0..<50 {
      try client.pipeline(
        (0..<1000).map {
          [
            Array("PUBLISH".utf8), Array("flood".utf8),
            Array("message \(thousand * 1000 + $0)".utf8),
          ]
        })
    }
    try await eventually(within: 60) { total.withLock { $0.count >= 50_000 } }
    #expect(total.withLock { $0.count == 50_000 && $0.ordered })
    task.cancel()
    await task.value
  }

  @Test("a server that is killed is reported lost, one that is back subscribed, and heard again")
  func restart() async throws {
    let server = try await RedisServer()
    let listener = Listener(try server.url(), patterns: ["x"])
    try await eventually { listener.count("subscribed") == 1 }
    try await server.kill9()
    // The first is the connection that broke; the attempts after it find nobody there.
    try await eventually {
      listener.signals.all.contains { signal in
        guard case .lost(let error, _) = signal else { return false }
        return error.kind == .refused
      }
    }
    try await server.restart()
    try await eventually { listener.count("subscribed") == 2 }
    try server.command("PUBLISH", "x", "again")
    try await eventually { listener.messages == [message("x", "again")] }
  }

  @Test("silence is proven to be real, again and again")
  func alive() async throws {
    let server = try await RedisServer()
    let listener = Listener(
      try server.url(), patterns: ["x"],
      limits: .quick { $0.subscriptionSilence = .milliseconds(300) })
    try await eventually { listener.count("alive") >= 3 }
    #expect(listener.count("subscribed") == 1)
    #expect(listener.count("lost") == 0)
  }

  @Test("who did not look for a while is told so, and when everything since then has been read")
  func stalled() async throws {
    let server = try await RedisServer()
    let heard = Collected<Heard>()
    let gate = DispatchSemaphore(value: 0)
    let limits = RedisLimits.quick {
      $0.subscriptionSilence = .milliseconds(300)
      $0.subscriptionStall = .milliseconds(1500)
    }
    let subscription = RedisSubscription(
      url: try server.url(), time: time, limits: limits, patterns: [RedisKey("x")])
    let task = Task {
      await subscription.hear { signal in
        heard.add(signal)
        // The first message holds up the thread that reads.
        if case .messages(let messages, _) = signal, messages.first?.payload == [1] { gate.wait() }
      }
    }
    defer { task.cancel() }
    try await eventually { heard.all.contains { $0.isAlive } }
    try server.command(bytes: [Array("PUBLISH".utf8), [UInt8(ascii: "x")], [1]])
    try await eventually { heard.all.contains { $0.isMessage } }
    let began = time.uptime()
    try server.command(bytes: [Array("PUBLISH".utf8), [UInt8(ascii: "x")], [2]])
    try await eventually { time.uptime() - began > .milliseconds(1600) }
    gate.signal()
    try await eventually {
      let stall = heard.all.lastIndex { $0.isStall }
      return stall.map { heard.all[$0...].contains { $0.isAlive } } ?? false
    }
    let kinds = heard.all.drop { !$0.isMessage }.filter { $0.isMessage || $0.isStall || $0.isAlive }
    #expect(kinds.dropFirst().first?.isStall == true, "before anything that is old")
    #expect(kinds.dropFirst(2).first?.isMessage == true, "and nothing is proved before it was read")
    #expect(!heard.all.contains { if case .lost = $0 { true } else { false } })
  }

  @Test("a server that no longer answers is lost")
  func hung() async throws {
    let server = try await RedisServer()
    let listener = Listener(
      try server.url(), patterns: ["x"],
      limits: .quick { $0.subscriptionSilence = .milliseconds(300) })
    try await eventually { listener.count("subscribed") == 1 }
    server.suspend()
    let lost = try await eventuallyValue { () -> RedisError? in
      for case .lost(let error, _) in listener.signals.all { return error }
      return nil
    }
    #expect(lost.kind == .timeout)
  }

  @Test("a user who may not subscribe to the pattern is told")
  func forbidden() async throws {
    let server = try await RedisServer()
    try server.command("ACL", "SETUSER", "narrow", "on", ">p", "+@all", "resetchannels", "&a*")
    let url = try server.url().with(username: "narrow", password: Secret("p"))
    let listener = Listener(url, patterns: ["b*"])
    try await eventually { listener.count("lost") >= 1 }
    guard case .lost(let error, _)? = listener.signals.all.first else { return }
    #expect(error.kind == .noPermission)
    #expect(error.detail.contains("NOPERM"))
    #expect(listener.count("subscribed") == 0)
  }

  @Test("cancelling ends it wherever it is: listening, connecting or waiting to try again")
  func cancellation() async throws {
    let server = try await RedisServer()
    let silent = try ScriptedServer(answer: nil)
    let patient = RedisLimits(
      connectTimeout: .seconds(600), backoff: .seconds(600) ... .seconds(600),
      subscriptionSilence: .seconds(600))
    let listening = Listener(try server.url(), patterns: ["x"], limits: patient)
    let connecting = Listener(try RedisURL(silent.url), patterns: ["x"], limits: patient)
    let waiting = Listener(
      try RedisURL("redis+socket:///nonexistent"), patterns: ["x"], limits: patient)
    try await eventually { listening.count("subscribed") == 1 && waiting.count("lost") == 1 }
    for listener in [listening, connecting, waiting] {
      listener.task.cancel()
      await listener.task.value
    }
    #expect(listening.count("lost") == 0)
    #expect(connecting.signals.all.isEmpty)
    try await eventually { try server.command("PUBSUB", "NUMPAT") == .integer(0) }
  }

  @Test("discovery gives the channels that were used, and ends at its time or its count")
  func discovery() async throws {
    let server = try await RedisServer()
    let url = try server.url()
    let none = try await RedisSubscription.channels(
      matching: RedisKey("*"), on: url, time: time, for: .milliseconds(20))
    #expect(none.isEmpty)
    // The server hears of the closed connection a little later; its pattern is not the next one's.
    try await eventually { try server.command("PUBSUB", "NUMPAT") == .integer(0) }

    let found = Task {
      try await RedisSubscription.channels(
        matching: RedisKey("/*.celeryev/*"), on: url, time: time, for: .seconds(600), atMost: 3)
    }
    try await eventually { try server.command("PUBSUB", "NUMPAT") == .integer(1) }
    for channel in ["/0.celeryev/worker.heartbeat", "other", "/0.celeryev/worker.heartbeat"] {
      try server.command("PUBLISH", channel, "x")
    }
    try server.command("PUBLISH", "/1.celeryev/x", "x")
    #expect(
      try await found.value == [
        RedisKey("/0.celeryev/worker.heartbeat"), RedisKey("/1.celeryev/x"),
      ])
    let absent = await #expect(throws: RedisError.self) {
      try await RedisSubscription.channels(
        matching: RedisKey("*"), on: try RedisURL("redis+socket:///nonexistent"), time: time,
        for: .seconds(600))
    }
    #expect(absent?.kind == .refused)
  }
}
