import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct TasksExpiringTests {
  private static func seen(
    started: Int, expired: Int, nodes: [String: TaskCounts]? = nil, heard: Double = 600,
    observed: Double = 7200, workers: [WorkerFacts] = [worker(firstHeard: 7199)]
  ) -> SnapshotHistory {
    let counts = TaskCounts(
      received: started, started: started, succeeded: started, revoked: expired, expired: expired)
    return history(
      of: snapshot(
        observed: observed, workers: .value(workers),
        tasks: statistics(
          ["shop.refresh": TaskTally(counts)], nodes: nodes ?? ["celery@w1": counts],
          heard: heard)))
  }

  @Test(
    arguments: [
      (380, 20, ["warning shop.refresh"]), (381, 20, []), (0, 20, ["warning shop.refresh"]),
      (0, 19, []), (1000, 0, []),
    ] as [(Int, Int, [String])])
  func aShareOfMessagesThatExpireIsAWarning(
    _ started: Int, _ expired: Int, _ wanted: [String]
  ) throws {
    let said = try verdict(TasksExpiring.self, Self.seen(started: started, expired: expired))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingSaysHowManyOfHowMany() throws {
    let finding = try verdict(TasksExpiring.self, Self.seen(started: 75, expired: 25)).first
    #expect(finding?.message == "25 messages expired unrun in 10m, 25 % of those dealt with")
    #expect(finding?.evidence("expired") == .number(25))
    #expect(finding?.evidence("started") == .number(75))
  }

  @Test func tasksRevokedByHandHaveNotExpired() throws {
    let counts = TaskCounts(started: 10, revoked: 90)
    let seen = history(
      of: snapshot(workers: .value([]), tasks: statistics(["shop.refresh": TaskTally(counts)])))
    #expect(try verdict(TasksExpiring.self, seen) == .healthy)
  }

  @Test(arguments: [(300.0, true), (660.0, false)])
  func whatAFleetFindsExpiredThatReturnsFromZeroIsNoFault(
    _ cameAgo: Double, _ isExcused: Bool
  ) throws {
    let back = worker(pid: 7, firstHeard: cameAgo)
    let said = try verdict(
      TasksExpiring.self, Self.seen(started: 50, expired: 150, workers: [back]))
    #expect(told(said) == (isExcused ? [] : ["warning shop.refresh"]))
    #expect(
      said.reason
        == (isExcused
          ? "what shop.refresh lost to expiry may be from before celery@w1 came" : nil))
  }

  @Test func aWorkerThatWasStartedJustBeforeTaskmonIsNewAsWell() throws {
    let young = worker(firstHeard: 500, uptime: 600)
    let said = try verdict(
      TasksExpiring.self,
      Self.seen(started: 50, expired: 150, heard: 560, observed: 560, workers: [young]))
    #expect(said.reason != nil)
  }

  @Test func whatExpiresOnThoseThatStayedCounts() throws {
    let fresh = worker("celery@w2", pid: 7, firstHeard: 100)
    let stayed = worker(firstHeard: 7199)
    let most: [String: TaskCounts] = [
      "celery@w1": TaskCounts(expired: 130), "celery@w2": TaskCounts(expired: 20),
    ]
    let said = try verdict(
      TasksExpiring.self,
      Self.seen(started: 50, expired: 150, nodes: most, workers: [stayed, fresh]))
    #expect(told(said) == ["warning shop.refresh"])
  }

  @Test(arguments: [(380, ["warning unknown task"], false), (381, [], true)])
  func messagesNobodyNamedAreJudgedAgainstAllThatWasStarted(
    _ started: Int, _ wanted: [String], _ isUnknown: Bool
  ) throws {
    let seen = history(
      of: snapshot(
        observed: 7200, workers: .value([worker(firstHeard: 7199)]),
        tasks: statistics([
          TaskFacts.unnamed: TaskTally(TaskCounts(revoked: 20, expired: 20)),
          "shop.pay": TaskTally(TaskCounts(started: started, succeeded: started)),
        ])))
    let said = try verdict(TasksExpiring.self, seen)
    #expect(told(said) == wanted)
    #expect(
      said.reason
        == (isUnknown
          ? "20 messages expired of tasks that were not named: task_send_sent_event in publishers"
            + " names them" : nil))
  }

  @Test func tenMinutesMustHaveBeenHeard() throws {
    let young = Self.seen(started: 0, expired: 500, heard: 12)
    #expect(try verdict(TasksExpiring.self, young) == .unknown("needs 10m of observation, has 12s"))
    #expect(
      told(try verdict(TasksExpiring.self, young, set: ["tasks-expiring.window=10s"]))
        == ["warning shop.refresh"])
  }

  @Test func aWorkerThatSendsNoEventsMayDropUnseen() throws {
    let mute = worker(firstHeard: 7199, sendsTaskEvents: false)
    let seen = Self.seen(started: 9, expired: 0, workers: [mute])
    #expect(try verdict(TasksExpiring.self, seen).reason == "celery@w1 sends no task events")
  }
}
