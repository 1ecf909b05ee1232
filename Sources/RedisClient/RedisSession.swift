import TaskmonUnits

/// A logged-in connection as blocking calls, for one thread at a time.
///
/// Whatever throws here leaves the session unusable: which reply belongs to which command is no
/// longer known. The owner drops it.
final class RedisSession {
  let target: SessionTarget
  let context: SessionContext
  private let transport: any ByteTransport
  private let replies: ReplyReader
  private let buffer = ReadBuffer()
  /// When a master was last seen to be one, on the clock that never jumps; nil: may not be asked.
  var roleSeen: Seconds?

  /// Connects to what a URL names, through Sentinel where it says so.
  static func open(
    _ url: RedisURL, _ context: SessionContext, _ stopper: Stopper
  ) throws(RedisError) -> RedisSession {
    let deadline = Deadline(in: context.limits.connectTimeout, on: context.time)
    switch url.location {
    case .plain(let endpoint), .tls(let endpoint):
      return try RedisSession(
        SessionTarget(url, at: endpoint), until: deadline, context, stopper)
    case .sentinel(let endpoints):
      return try MasterSearch(url, endpoints, until: deadline, context, stopper).run()
    }
  }

  /// Connects, logs in and selects the database.
  init(
    _ target: SessionTarget, until deadline: Deadline, _ context: SessionContext,
    _ stopper: Stopper
  ) throws(RedisError) {
    self.target = target
    self.context = context
    context.cost.add { $0.connects += 1 }
    do {
      transport = try Self.connect(target, until: deadline, stopper)
    } catch {
      throw target.failure(error, connectingWithin: context.limits.connectTimeout)
    }
    guard let replies = ReplyReader(context.limits) else {
      throw target.error(.other, "no memory for a reply parser")
    }
    self.replies = replies
    try logIn(until: deadline)
  }

  private static func connect(
    _ target: SessionTarget, until deadline: Deadline, _ stopper: Stopper
  ) throws(TransportError) -> any ByteTransport {
    let plain = try FileDescriptorTransport.connect(to: target.endpoint, until: deadline) {
      stopper.isStopped
    }
    stopper.adopt(plain)
    guard let options = target.tls, case .tcp(let host, _) = target.endpoint else { return plain }
    let secure = try TLSTransport(over: plain, host: host, options, until: deadline)
    stopper.adopt(secure)
    return secure
  }

  /// The other side has closed since the last call.
  var isClosedByPeer: Bool { transport.isClosedByPeer }

  /// One reply per command; as many round trips as the limits ask for, one deadline for all.
  func exchange(
    _ commands: [any WireCommand], until deadline: Deadline, stopper: Stopper
  ) throws(RedisError) -> [RedisReply] {
    stopper.adopt(transport)
    if !commands.isEmpty { try checkRole(until: deadline) }
    var answers: [RedisReply] = []
    answers.reserveCapacity(commands.count)
    var left = context.limits.batchBytes
    var start = 0
    while start < commands.count {
      let end = min(commands.count, start + context.limits.commandsPerPipeline)
      do {
        answers += try roundTrip(
          commands[start..<end].map(\.arguments), until: deadline, bytesLeft: &left)
      } catch {
        throw target.failure(error, waited: context.limits.batchDeadline)
      }
      start = end
    }
    for answer in answers {
      if let error = answer.error, let lost = target.loss(saying: error) { throw lost }
    }
    return answers.map(target.redaction.told)
  }

  /// One command of the connection's own; an error reply throws.
  func ask(_ command: [[UInt8]], until deadline: Deadline) throws(RedisError) -> RedisReply {
    let answer: RedisReply?
    do { answer = try roundTrip([command], until: deadline).first } catch {
      throw target.failure(error, waited: context.limits.connectTimeout)
    }
    guard let error = answer?.error else { return answer ?? .null }
    throw target.failure(.server(error), waited: context.limits.connectTimeout)
  }

  func roundTrip(
    _ commands: [[[UInt8]]], until deadline: Deadline
  ) throws(SessionFailure) -> [RedisReply] {
    var left = context.limits.batchBytes
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
      guard bytesLeft >= 0 else { throw .tooMuch(context.limits.batchBytes) }
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
    context.cost.add { cost in
      cost.roundTrips += 1
      cost.bytesOut += bytes.count
      for command in commands {
        cost.commands[String(decoding: command.first ?? [], as: UTF8.self), default: 0] += 1
      }
    }
    do { try transport.write(bytes, until: deadline) } catch {
      throw .transport(error)
    }
  }

  /// Waits for bytes and hands them to the parser; gives how many.
  @discardableResult
  func fill(until deadline: Deadline) throws(SessionFailure) -> Int {
    let count = try receive(into: buffer.bytes, until: deadline)
    do { try replies.feed(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])) } catch {
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
    context.cost.add { $0.bytesIn += count }
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
