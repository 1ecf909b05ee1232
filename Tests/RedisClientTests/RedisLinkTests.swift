import RedisClient
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("A link comes back by itself")
struct RedisLinkTests {
  private func attempt(_ link: RedisLink) async -> RedisError? {
    do throws(RedisError) {
      _ = try await link.read([.ping])
      return nil
    } catch {
      return error
    }
  }

  @Test("absent, then there, killed, and there again")
  func comesAndGoes() async throws {
    let server = try await RedisServer()
    try await server.kill9()
    let link = RedisLink(url: try server.url(), time: time, limits: .quick())
    #expect(link.state == .idle)
    let absent = await attempt(link)
    #expect(absent?.kind == .refused)
    guard case .down(let error, let since, 1) = link.state else {
      Issue.record("\(link.state)")
      return
    }
    #expect(error == absent)
    try await eventually { await attempt(link) != nil && link.cost.connects >= 3 }
    guard case .down(_, since, let attempts) = link.state else {
      Issue.record("\(link.state)")
      return
    }
    #expect(attempts >= 3)

    try await server.restart()
    try await eventually { await attempt(link) == nil }
    guard case .up = link.state else {
      Issue.record("\(link.state)")
      return
    }
    try await server.kill9()
    #expect(await attempt(link) != nil)
    try await server.restart()
    try await eventually { await attempt(link) == nil }
  }

  @Test("it waits longer after each failure, asks nothing meanwhile, and repeats the last error")
  func backsOff() async throws {
    let clock = ManualTime()
    let url = try RedisURL("redis+socket:///nonexistent/redis.sock")
    let link = RedisLink(url: url, time: clock.source)
    let first = await attempt(link)
    for _ in 0..<100 { #expect(await attempt(link) == first) }
    #expect(link.cost.connects == 1)
    // 0.2 s is the shortest wait there is, 5 s the longest.
    clock.advance(by: .seconds(0.19))
    _ = await attempt(link)
    #expect(link.cost.connects == 1)
    for expected in 2...20 {
      clock.advance(by: .seconds(5))
      _ = await attempt(link)
      #expect(link.cost.connects == expected)
    }
    var waits: Set<Int> = []
    for _ in 0..<20 {
      let before = link.cost.connects
      var steps = 0
      while link.cost.connects == before {
        clock.advance(by: .seconds(0.1))
        _ = await attempt(link)
        steps += 1
      }
      #expect((2...51).contains(steps))
      waits.insert(steps)
    }
    #expect(waits.count > 3, "the waits differ, so that clients do not come back in step")
    guard case .down(_, let since, 40) = link.state else {
      Issue.record("\(link.state)")
      return
    }
    #expect(since < clock.now)
  }

  @Test("a connection that Redis has dropped while idle is replaced without an error")
  func droppedWhileIdle() async throws {
    let server = try await RedisServer()
    let link = RedisLink(url: try server.url(), time: time, limits: .quick())
    #expect(await attempt(link) == nil)
    try server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    #expect(await attempt(link) == nil)
    #expect(link.cost.connects == 2)
  }

  @Test("a value of the wrong type is no reason to reconnect")
  func valueErrors() async throws {
    let server = try await RedisServer()
    try server.command("SET", "s", "x")
    let link = RedisLink(url: try server.url(), time: time, limits: .quick())
    for _ in 0..<3 {
      #expect(try await link.read([.listLength(RedisKey("s"))])[0].error?.code == "WRONGTYPE")
    }
    #expect(link.cost.connects == 1)
  }

  @Test("many callers at once share one connection and each gets its own replies")
  func concurrent() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<50).map { [Array("SET".utf8), Array("\($0)".utf8), Array("v\($0)".utf8)] })
    let link = RedisLink(url: try server.url(), time: time, limits: .quick())
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<50 {
        group.addTask {
          let read = ReadCommand.stringRange(RedisKey("\(number)"), from: 0, through: -1)
          return try await link.read([read, read])
            == Array(repeating: .bytes(Array("v\(number)".utf8)), count: 2)
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
    #expect(link.cost.connects == 1)
  }

  @Test("a cancelled caller does not put the link down for the others")
  func cancellation() async throws {
    let server = try await RedisServer()
    let link = RedisLink(
      url: try server.url(), time: time, limits: .quick { $0.batchDeadline = .seconds(600) })
    #expect(await attempt(link) == nil)
    server.suspend()
    let before = link.cost.roundTrips
    let blocked = Task { await attempt(link) }
    try await eventually { link.cost.roundTrips > before }
    blocked.cancel()
    #expect(await blocked.value?.kind == .closed)
    #expect(link.state == .idle)
    server.resume()
    #expect(await attempt(link) == nil)
  }
}
