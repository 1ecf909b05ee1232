import CeleryProtocol
import RedisClient
package import TaskmonUnits

/// A private redis-server with a simulated fleet on it, from `start` to `stop`.
///
/// Whatever happens to the process, nothing of it is left (`DemoServer`).
package actor DemoSession {
  private let options: DemoOptions
  private let time: TimeSource
  private var running: Running?

  /// What there is between start and stop.
  private struct Running {
    let server: DemoServer
    let url: RedisURL
    let connection: RedisConnection
    /// Opened and left alone, where the scenario is about connections.
    let idle: [RedisConnection]
    var fleet: DemoFleet
  }

  package init(options: DemoOptions, time: TimeSource) {
    self.options = options
    self.time = time
  }

  /// Starts server and fleet and returns the broker's URL, `redis+socket://…`.
  ///
  /// `searchPath` is what the environment has as `PATH`, `temporary` what it has as `TMPDIR`.
  package func start(searchPath: String?, temporary: String?) async throws -> String {
    if let running { return running.server.url }
    let server = try await DemoServer.start(
      searchPath: searchPath, temporary: temporary, time: time)
    do {
      let url = RedisURL(
        location: .plain(.unix(path: server.socketPath)), database: options.scenario.database)
      let connection = RedisConnection(url: url, time: time, allows: [.demo])
      try await connection.connect()
      let now = time.now()
      var fleet = DemoFleet(options, address: server.socketPath, at: now)
      let first = fleet.begin(at: now)
      try check(await connection.send(first), of: first)
      var idle: [RedisConnection] = []
      for _ in 0..<options.scenario.idleConnections {
        let connection = RedisConnection(url: url, time: time, allows: [])
        try await connection.connect()
        idle.append(connection)
      }
      running = Running(
        server: server, url: url, connection: connection, idle: idle, fleet: fleet)
    } catch {
      await server.stop(time: time)
      throw error
    }
    return server.url
  }

  /// Where the workers' logs are, as a pattern; nil where they keep none, and before the start.
  package var workerLogs: String? {
    guard options.scenario.keepsLogs, let running else { return nil }
    return "\(running.server.folder)/*@*.log"
  }

  /// Keeps the fleet alive until the task is cancelled; throws where its Redis is gone.
  ///
  /// Returns when cancelled, whatever was under way then.
  package func run() async throws {
    guard let running else { throw DemoError.notStarted }
    let (questions, post) = AsyncStream.makeStream(
      of: Question.self, bufferingPolicy: .bufferingNewest(1000))
    let (url, time, channel) = (running.url, time, running.fleet.layout.controlChannel)
    let workers = running.fleet.workers.indices
    try await withThrowingTaskGroup { group in
      for worker in workers {
        group.addTask {
          let mailbox = RedisSubscription(url: url, time: time, patterns: [channel])
          await self.duringLife(of: worker) {
            await mailbox.run(
              onMessages: { bytes, places, _ in
                for place in places {
                  let payload = bytes.extracting(place.payload).withUnsafeBufferPointer {
                    Array($0)
                  }
                  post.yield(Question(worker: worker, payload: payload))
                }
              }, onSignal: { _ in })
          }
        }
      }
      group.addTask { for await question in questions { try await self.answer(question) } }
      group.addTask { try await self.live() }
      defer {
        group.cancelAll()
        post.finish()
      }
      do {
        while try await group.next() != nil {}
      } catch {
        // A command cut short by the cancellation fails as if the server had gone.
        guard Task.isCancelled else { throw error }
      }
    }
  }

  /// Does something until the worker is killed: its connections end with it.
  private func duringLife(
    of worker: Int, _ body: @escaping @Sendable () async -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask(operation: body)
      group.addTask {
        while await self.running?.fleet.isKilled(worker) == false {
          do { try await self.time.sleep(.seconds(1)) } catch { return }
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// Ends the server and removes its folder.
  package func stop() async {
    guard let running else { return }
    self.running = nil
    await running.connection.close()
    for connection in running.idle { await connection.close() }
    await running.server.stop(time: time)
  }

  /// A control request as one worker hears it.
  private struct Question: Sendable {
    let worker: Int
    let payload: [UInt8]
  }

  /// How often the fleet moves on; a worker of its own would react at once.
  private static let turn = Seconds.milliseconds(50)

  private func live() async throws {
    while !Task.isCancelled {
      try await takeTurn()
      try await time.sleep(DemoSession.turn)
    }
  }

  private func takeTurn() async throws {
    guard let round = running?.fleet.step(to: time.now()), let connection = running?.connection
    else { throw CancellationError() }
    let commands = round.writes + round.takes.map { .takeNext(from: $0.list) }
    guard !commands.isEmpty else { return }
    let replies = try check(await connection.send(commands), of: commands)
    let taken = zip(round.takes, replies.suffix(round.takes.count)).map { take, reply in
      (take: take, element: reply.bytes)
    }
    guard let next = running?.fleet.receive(taken, at: time.now()) else { return }
    keepLogs()
    guard !next.isEmpty else { return }
    try check(await connection.send(next), of: next)
  }

  private func keepLogs() {
    guard let lines = running?.fleet.takeLog(), let folder = running?.server.folder else { return }
    for (node, group) in Dictionary(grouping: lines, by: \.node) {
      LogFile.append(group.map { $0.line + "\n" }.joined(), to: "\(folder)/\(node).log")
    }
  }

  private func answer(_ question: Question) async throws {
    guard let request = ControlQuestion(decoding: question.payload),
      let answer = running?.fleet.answer(request, by: question.worker, at: time.now()),
      let running
    else { return }
    let lists = try await lists(for: answer.replyTo, layout: running.fleet.layout)
    let commands = lists.map { DemoCommand.push(answer.message, to: $0) }
    guard !commands.isEmpty else { return }
    try check(await running.connection.send(commands), of: commands)
  }

  /// The nameless exchange leads straight to a list; a named one to the queues bound to it.
  private func lists(
    for address: ControlQuestion.Address, layout: KeyLayout
  ) async throws -> [RedisKey] {
    guard !address.exchange.isEmpty, let connection = running?.connection else {
      return [layout.messages(of: address.routingKey)]
    }
    let command = DemoCommand.members(of: layout.binding(exchange: QueueName(address.exchange)))
    let replies = try check(await connection.send([command]), of: [command])
    let members = (replies.first?.array ?? []).compactMap(\.bytes)
      .compactMap(layout.bindingMember)
    let key = QueueName(address.routingKey)
    return members.filter { $0.routingKey == key }.map { layout.messages(of: $0.queue) }
  }

  /// An error reply to a write of the fleet is a mistake of the fleet.
  @discardableResult
  private func check(
    _ replies: [RedisReply], of commands: [DemoCommand]
  ) throws(DemoError) -> [RedisReply] {
    for (command, reply) in zip(commands, replies) {
      if let error = reply.error {
        throw .refused(command: command.name, message: error.message)
      }
    }
    return replies
  }
}
