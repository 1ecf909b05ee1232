import TaskmonUnits

extension RedisSession {
  /// Logs in, selects the database, and makes sure that this is what the URL promises.
  func logIn(until deadline: Deadline) throws(RedisError) {
    var commands: [[[UInt8]]] = []
    if target.username != nil || target.password != nil {
      commands.append(ConnectionCommand.authenticate(target.username, target.password))
    }
    if target.database != 0 { commands.append(ConnectionCommand.select(target.database)) }
    commands.append(ConnectionCommand.ping)
    let required = commands.count
    // The name is a courtesy to whoever reads CLIENT LIST, and to know what this is a kindness of
    // the server: where either is refused, so be it.
    commands += [ConnectionCommand.setName, ConnectionCommand.serverInformation]
    let answers: [RedisReply]
    do {
      answers = try roundTrip(commands, until: deadline)
    } catch .transport(.closedByPeer) where target.tls == nil && !target.isUnixSocket {
      throw target.error(
        .closed,
        "the server closed the connection at the first word; does it speak TLS there (rediss://)?"
          + " else see its log")
    } catch {
      throw target.failure(error, waited: context.limits.connectTimeout)
    }
    try checkMode(answers.last?.bytes)
    for answer in answers.prefix(required) {
      guard let error = answer.error, !error.isAnswerToPing else { continue }
      throw target.failure(whileLoggingIn: error)
    }
    if target.isMaster {
      roleSeen = Seconds(-.infinity)
      try checkRole(until: deadline)
    }
  }

  /// Nil where the server would not tell.
  private func checkMode(_ information: [UInt8]?) throws(RedisError) {
    // Valkey calls it the server's mode.
    let lines = (information ?? []).split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    func says(_ mode: String) -> Bool {
      lines.contains {
        $0.elementsEqual("redis_mode:\(mode)".utf8) || $0.elementsEqual("server_mode:\(mode)".utf8)
      }
    }
    switch target.role {
    case .server, .master:
      if says("cluster") { throw target.error(.cluster, RedisError.clusterWords) }
      guard !says("sentinel") else {
        throw target.error(
          .other, "this is a Sentinel, not a Redis; write sentinel://\(target.endpoint)/0")
      }
    case .sentinel:
      guard !says("standalone"), !says("cluster") else {
        throw target.error(.other, "this is a Redis, not a Sentinel; write redis:// or its port")
      }
    }
  }

  /// Throws where a master found by Sentinel has become a replica; asks now and then only.
  func checkRole(until deadline: Deadline) throws(RedisError) {
    guard target.isMaster, let seen = roleSeen else { return }
    let now = context.time.uptime()
    guard now - seen >= context.limits.roleInterval else { return }
    let answer: RedisReply?
    do { answer = try roundTrip([ConnectionCommand.role], until: deadline).first } catch {
      throw target.failure(error, waited: context.limits.connectTimeout)
    }
    if let error = answer?.error {
      if let lost = target.loss(saying: error) { throw lost }
      // Who may not ask has Sentinel's word, and Redis' READONLY.
      roleSeen = nil
      return
    }
    guard answer?.array?.first?.bytes == Array("master".utf8) else {
      throw target.error(.other, "it is a replica (now); a failover may be under way")
    }
    roleSeen = now
  }
}
