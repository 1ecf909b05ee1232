import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct MessageBusTests {
  private static let route = ["billing", "mail", "stock"]
  private static let services = route.enumerated().map { index, queue in
    worker("celery@\(queue)", pid: index + 1, queues: [queue], events: heartbeats())
  }

  private static func seen(
    _ fanouts: [[String]: FanoutCounts] = [:], heard: Double = 600, isSent: Bool = true,
    workers: [WorkerFacts] = services, facts: [TaskFacts]? = nil
  ) -> SnapshotHistory {
    let tally = TaskTally(
      TaskCounts(sent: 60, received: 60), marks: TaskMarks(fanouts: fanouts))
    var made = snapshot(
      observed: heard, workers: .value(workers),
      tasks: statistics(["shop.on_order": tally], heard: heard))
    if let facts, case .value(var statistics) = made.tasks {
      statistics.tasks = facts
      made.tasks = .value(statistics)
    }
    made.events.taskEventCounts = isSent ? ["task-sent": 60] : [:]
    return history(of: made)
  }

  @Test(
    arguments: [
      (FanoutCounts(count: 9, single: 3), []),
      (FanoutCounts(count: 10, single: 1), ["warning shop.on_order"]),
      (FanoutCounts(count: 10), ["info shop.on_order"]),
      (FanoutCounts(count: 90, parts: 4), []),
      (FanoutCounts(count: 20, parts: 2, single: 2), ["warning shop.on_order"]),
      (FanoutCounts(count: 18, parts: 2, single: 2), []),
    ] as [(FanoutCounts, [String])])
  func tenThatAreNoGroupsAreAWarning(_ counts: FanoutCounts, _ wanted: [String]) throws {
    let said = try verdict(MessageBus.self, Self.seen([Self.route: counts]))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTheQueues() throws {
    let more = ["billing", "mail", "search"]
    let finding = try verdict(
      MessageBus.self,
      Self.seen([
        Self.route: FanoutCounts(count: 6, single: 1), more: FanoutCounts(count: 6, single: 1),
      ])
    ).first
    #expect(
      finding?.message
        == "12 times in 10m the same arguments went to the queues of different workers at once"
        + " (billing, mail, search, stock)")
    #expect(finding?.evidence("queues") == .list(["billing", "mail", "search", "stock"]))
    #expect(finding?.evidence("seenSingle") == .number(2))
  }

  @Test func queuesOfTheSameWorkersAreOneReceiver() throws {
    let all = worker(queues: Self.route, events: heartbeats())
    let counts = FanoutCounts(count: 50, single: 5)
    #expect(
      try verdict(MessageBus.self, Self.seen([Self.route: counts], workers: [all])) == .healthy)
    let one = worker("celery@one", pid: 9, queues: ["stock"], events: heartbeats())
    let both = worker(queues: ["billing", "mail"], events: heartbeats())
    #expect(
      try verdict(MessageBus.self, Self.seen([Self.route: counts], workers: [one, both]))
        == .healthy)
  }

  @Test func queuesThatNobodyConsumesAreOfStrangers() throws {
    let one = worker(queues: ["billing"], events: heartbeats())
    let counts = FanoutCounts(count: 50, single: 5)
    #expect(
      told(try verdict(MessageBus.self, Self.seen([Self.route: counts], workers: [one])))
        == ["warning shop.on_order"])
  }

  @Test func whereConsumersHaveNotToldTheirQueuesNothingIsKnown() throws {
    let mute = worker(queues: nil, events: heartbeats())
    #expect(
      try verdict(
        MessageBus.self, Self.seen([Self.route: FanoutCounts(count: 50)], workers: [mute]))
        == .unknown("the queues of celery@w1: not asked yet"))
  }

  @Test func aBroadcastIsInfo() throws {
    let listening = Self.services.map { worker in
      var worker = worker
      worker.broadcasts = ["news"]
      return worker
    }
    let said = try verdict(MessageBus.self, Self.seen(workers: listening))
    #expect(told(said) == ["info news"])
    #expect(said.first?.evidence("listeners") == .number(3))
  }

  @Test(
    arguments: [
      (6000, 4.0, true, ["info shop.tick"]), (5990, 4, true, []), (6000, 12, true, []),
      (6000, 4, false, []), (6000, 4, nil, []),
    ] as [(Int, Double, Bool?, [String])])
  func aStormOfTinyTasksIsInfo(
    _ started: Int, _ milliseconds: Double, _ ignores: Bool?, _ wanted: [String]
  ) throws {
    let median = Seconds.milliseconds(milliseconds)
    let facts = TaskFacts(
      name: "shop.tick", minute: TaskCounts(started: started),
      runtime: TaskTimes(count: 9, sum: median, p50: median, p95: median, p99: median))
    let knowing = worker(
      registered: [RegisteredTask(name: "shop.tick", ignoresResult: ignores)],
      events: heartbeats())
    // Their minute is as long as what was heard.
    let said = try verdict(
      MessageBus.self, Self.seen(heard: 60, workers: [knowing], facts: [facts]),
      set: ["message-bus.window=60s"])
    #expect(told(said) == wanted)
    if let finding = said.first {
      #expect(
        finding.message
          == "100 runs a second, half of them within 4 ms, and no result is stored: messages rather"
          + " than work")
    }
  }

  @Test func withoutWordOfWhatIsPublishedNothingIsKnown() throws {
    let both = worker(queues: ["billing", "mail"], events: heartbeats())
    #expect(
      try verdict(MessageBus.self, Self.seen(isSent: false, workers: [both])).reason
        == "no publisher sends task-sent events (task_send_sent_event), and celery@w1 consumes"
        + " several queues")
    #expect(try verdict(MessageBus.self, Self.seen(isSent: false)) == .healthy)
  }

  @Test func silenceIsHealthOnlyAfterTenMinutesOfAllWorkers() throws {
    #expect(
      try verdict(MessageBus.self, Self.seen(heard: 20))
        == .unknown("needs 10m of observation, has 20s"))
    #expect(
      try verdict(MessageBus.self, history(of: snapshot()))
        == .unknown("the event channel was not heard yet"))
    #expect(
      try verdict(
        MessageBus.self, Self.seen(workers: [worker(sendsTaskEvents: false)])
      ).reason == "celery@w1 sends no task events")
  }
}
