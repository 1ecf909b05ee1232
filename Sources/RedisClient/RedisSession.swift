import TaskmonUnits

/// A logged-in connection as blocking calls, for one thread at a time.
///
/// Whatever throws here leaves the session unusable: which reply belongs to which command is no
/// longer known. The owner drops it.
final class RedisSession {
  let target: String
  private let limits: RedisLimits
  private let cost: RedisCostCounter
  private let transport: any ByteTransport
  private let replies: ReplyReader
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  /// Connects, logs in and selects the database.
  init(
    _ url: RedisURL, time: TimeSource, limits: RedisLimits, cost: RedisCostCounter,
    stopper: Stopper
  ) throws(RedisError) {
    target = url.redacted
    self.limits = limits
    self.cost = cost
    cost.add { $0.connects += 1 }
    let deadline = Deadline(in: limits.connectTimeout, on: time)
    do {
      transport = try Self.connect(url, until: deadline, stopper)
    } catch {
      throw RedisError(error, connectingTo: url, within: limits.connectTimeout)
    }
    guard let replies = ReplyReader(limits) else {
      throw RedisError(kind: .other, target: target, detail: "no memory for a reply parser")
    }
    self.replies = replies
    stopper.adopt(transport)
    try logIn(url, until: deadline)
  }

  deinit { buffer.deallocate() }

  private static func connect(
    _ url: RedisURL, until deadline: Deadline, _ stopper: Stopper
  ) throws(TransportError) -> any ByteTransport {
    switch url.location {
    case .plain(let endpoint):
      try FileDescriptorTransport.connect(to: endpoint, until: deadline) { stopper.isStopped }
    case .tls: throw TransportError.unsupported(.tls)
    case .sentinel: throw TransportError.unsupported(.sentinel)
    }
  }

  private func logIn(_ url: RedisURL, until deadline: Deadline) throws(RedisError) {
    var commands: [[[UInt8]]] = []
    if url.username != nil || url.password != nil {
      commands.append(ConnectionCommand.authenticate(url.username, url.password))
    }
    if url.database != 0 { commands.append(ConnectionCommand.select(url.database)) }
    commands.append(ConnectionCommand.ping)
    let answers: [RedisReply]
    do {
      answers = try roundTrip(commands + [ConnectionCommand.setName], until: deadline)
    } catch {
      throw RedisError(error, target: target, waited: limits.connectTimeout)
    }
    // The name is a courtesy to whoever reads CLIENT LIST: where it is refused, so be it.
    for answer in answers.prefix(commands.count) {
      guard let error = answer.error else { continue }
      throw RedisError(whileLoggingIn: error, to: url)
    }
  }

  /// The other side has closed since the last call.
  var isClosedByPeer: Bool { transport.isClosedByPeer }

  /// One reply per command; as many round trips as the limits ask for, one deadline for all.
  func exchange(
    _ commands: [any WireCommand], until deadline: Deadline, stopper: Stopper
  ) throws(RedisError) -> [RedisReply] {
    stopper.adopt(transport)
    var answers: [RedisReply] = []
    answers.reserveCapacity(commands.count)
    var left = limits.batchBytes
    var start = 0
    while start < commands.count {
      let end = min(commands.count, start + limits.commandsPerPipeline)
      do {
        answers += try roundTrip(
          commands[start..<end].map(\.arguments), until: deadline, bytesLeft: &left)
      } catch {
        throw RedisError(error, target: target, waited: limits.batchDeadline)
      }
      start = end
    }
    for answer in answers {
      if let error = answer.error, let lost = RedisError(whileInUse: error, target: target) {
        throw lost
      }
    }
    return answers
  }

  private func roundTrip(
    _ commands: [[[UInt8]]], until deadline: Deadline
  ) throws(SessionFailure) -> [RedisReply] {
    var left = limits.batchBytes
    return try roundTrip(commands, until: deadline, bytesLeft: &left)
  }

  private func roundTrip(
    _ commands: [[[UInt8]]], until deadline: Deadline, bytesLeft: inout Int
  ) throws(SessionFailure) -> [RedisReply] {
    var answers: [RedisReply] = []
    do {
      try send(commands, until: deadline)
    } catch .transport(.closedByPeer) {
      // It may have told us why before it closed.
    }
    while answers.count < commands.count {
      if let answer = try next({ RedisReply($0) }) {
        answers.append(answer)
        continue
      }
      do {
        bytesLeft -= try fill(until: deadline)
      } catch {
        // A server that turns us away says so once, then closes.
        if let last = answers.last?.error { throw .server(last) }
        throw error
      }
      guard bytesLeft >= 0 else { throw .tooMuch(limits.batchBytes) }
      guard answers.count < commands.count, !deadline.isOver else {
        throw .transport(.timedOut)
      }
    }
    return answers
  }

  /// Writes commands without waiting for replies; the stream of a subscription is read separately.
  func send(_ commands: [[[UInt8]]], until deadline: Deadline) throws(SessionFailure) {
    var bytes: [UInt8] = []
    for command in commands { CommandEncoder.append(command, to: &bytes) }
    cost.add { cost in
      cost.roundTrips += 1
      cost.bytesOut += bytes.count
      for command in commands {
        cost.commands[String(decoding: command.first ?? [], as: UTF8.self), default: 0] += 1
      }
    }
    do { try transport.write(bytes, until: deadline) } catch { throw .transport(error) }
  }

  /// Waits for bytes and hands them to the parser; gives how many.
  @discardableResult
  func fill(until deadline: Deadline) throws(SessionFailure) -> Int {
    let count = try receive(into: buffer, until: deadline)
    do { try replies.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) } catch {
      throw .reply(error)
    }
    return count
  }

  /// Waits for bytes and leaves them unread; for a subscription, which parses them where they lie.
  func receive(
    into memory: UnsafeMutableRawBufferPointer, until deadline: Deadline
  ) throws(SessionFailure) -> Int {
    let count: Int
    do { count = try transport.read(into: memory, until: deadline) } catch {
      throw .transport(error)
    }
    cost.add { $0.bytesIn += count }
    return count
  }

  /// The next whole reply among the bytes that have come.
  func next<Value>(
    _ convert: (ReplyReader.Raw) -> Value
  ) throws(SessionFailure) -> Value? {
    do { return try replies.next(convert) } catch { throw .reply(error) }
  }
}

/// Why a session ended, before it is put into words.
enum SessionFailure: Error, Sendable, Hashable {
  case transport(TransportError)
  case reply(ReplyReader.Failure)
  /// The server said so and closed.
  case server(RedisServerError)
  /// All replies of one call are more than we take; the limit in bytes.
  case tooMuch(Int)
}
