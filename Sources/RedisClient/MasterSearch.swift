import TaskmonUnits

/// Asks sentinels for the master, goes there, and makes sure that it is one.
struct MasterSearch {
  private let url: RedisURL
  private let endpoints: [RedisEndpoint]
  private let deadline: Deadline
  private let context: SessionContext
  private let stopper: Stopper

  init(
    _ url: RedisURL, _ endpoints: [RedisEndpoint], until deadline: Deadline,
    _ context: SessionContext, _ stopper: Stopper
  ) {
    self.url = url
    self.endpoints = endpoints
    self.deadline = deadline
    self.context = context
    self.stopper = stopper
  }

  /// A session with the master; the first sentinel whose answer proves true decides.
  func run() throws(RedisError) -> RedisSession {
    var failures: [RedisError] = []
    for (index, endpoint) in endpoints.enumerated() {
      // What is left of the time is for the sentinels still to ask and for the master.
      let shares = endpoints.count - index + 1
      let share = deadline.orIn(deadline.remaining / Double(shares))
      do throws(RedisError) {
        let (name, address) = try ask(endpoint, until: share)
        let master = SessionTarget(url, at: address, role: .master(name))
        return try RedisSession(
          master, until: index + 1 == endpoints.count ? deadline : share, context, stopper)
      } catch {
        failures.append(error)
        if stopper.isStopped { throw error }
      }
    }
    throw joined(failures)
  }

  private func ask(
    _ endpoint: RedisEndpoint, until share: Deadline
  ) throws(RedisError) -> (name: String, address: RedisEndpoint) {
    let target = SessionTarget(sentinel: endpoint, of: url)
    let session = try RedisSession(target, until: share, context, stopper)
    let name: String
    if let given = url.sentinel.masterName {
      name = given
    } else {
      let names = try masters(session, until: share)
      guard let only = names.first, names.count == 1 else {
        throw target.error(.other, "name the master: --sentinel-master \(Self.choice(names))")
      }
      name = only
    }
    let answer = try session.ask(ConnectionCommand.masterAddress(name), until: share)
    guard let parts = answer.array, parts.count == 2, let host = parts[0].bytes,
      let port = parts[1].bytes, let number = UInt16(String(decoding: port, as: UTF8.self))
    else {
      let known = Self.choice(try masters(session, until: share))
      throw target.error(
        .other, "it knows no master \"\(Printable.line(name))\"; --sentinel-master \(known)")
    }
    return (name, .tcp(host: String(decoding: host, as: UTF8.self), port: number))
  }

  private func masters(
    _ session: RedisSession, until share: Deadline
  ) throws(RedisError) -> [String] {
    let masters = try session.ask(ConnectionCommand.masters, until: share).array ?? []
    return masters.compactMap { master in
      let fields = (master.array ?? []).map { $0.bytes ?? [] }
      guard let label = fields.firstIndex(of: Array("name".utf8)), label + 1 < fields.count
      else { return nil }
      return String(decoding: fields[label + 1], as: UTF8.self)
    }
  }

  private static func choice(_ names: [String]) -> String {
    guard !names.isEmpty else { return "NAME (it watches none)" }
    return "is one of: " + names.prefix(8).map { Printable.line($0) }.joined(separator: ", ")
  }

  private func joined(_ failures: [RedisError]) -> RedisError {
    guard let first = failures.first, failures.count > 1 else {
      return failures.first
        ?? RedisError(kind: .other, target: url.redacted, detail: "the URL names no sentinel")
    }
    let details = failures.prefix(8).map(\.detail).joined(separator: " | ")
    return RedisError(
      kind: first.kind, target: url.redacted,
      detail: "none of the \(failures.count) sentinels led to a master: \(details)")
  }
}
