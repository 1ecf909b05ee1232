import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BeatRunsWorkTests {
  private static let tick = RegisteredTask(name: "shop.tick")

  /// A worker that knows the task, has a slot free and sends task events, or none.
  private static func witness(
    at moment: Timestamp, sends: Bool? = true, registered: [RegisteredTask]? = [tick],
    total: Int = 0, active: Int = 0
  ) -> WorkerFacts {
    worker(
      active: active, sendsTaskEvents: sends, registered: registered,
      totals: ["shop.tick": total], slots: 1, now: moment)
  }

  /// A look each 30 s, the last one now, at an entry whose count grows by each of these.
  private static func looks(
    runs: [Int?] = [7, 9, 11, 13], change: (inout Snapshot, Int) -> Void = { _, _ in },
    entry: (ScheduleEntry) -> ScheduleEntry = { $0 }
  ) -> SnapshotHistory {
    var history = SnapshotHistory()
    for (index, count) in runs.enumerated() {
      let moment = ago(Double(runs.count - 1 - index) * 30)
      let ticks = entry(redBeatEntry(runs: count, now: moment))
      var look = snapshot(
        at: moment, workers: .value([witness(at: moment)]),
        inspection: InspectionFacts(lastRound: moment), tasks: statistics(at: moment),
        beat: redBeat([ticks]))
      change(&look, index)
      history.absorb(look)
    }
    return history
  }

  @Test func anEntryThatRunsAndIsNeverReceivedIsTold() throws {
    let said = try verdict(BeatRunsWork.self, Self.looks())
    #expect(told(said) == ["warning tick"])
    let finding = try #require(said.first)
    #expect(finding.message.hasPrefix("ran 4 times and no message of shop.tick came"))
    #expect(finding.since == ago(60))
    #expect(finding.evidence("runs") == .number(4))
    #expect(finding.evidence("workersThatWouldTell") == .list(["celery@w1"]))
  }

  @Test func anEntryThatIsRunForTheFirstTimeBeginsAtZero() throws {
    let first = Self.looks(
      runs: [nil, 1, 2, 3],
      entry: { entry in
        var entry = entry
        if entry.runCount == nil { entry.lastRun = nil }
        return entry
      })
    #expect(told(try verdict(BeatRunsWork.self, first)) == ["warning tick"])
  }

  @Test(arguments: [([7, 7, 7, 7], []), ([7, 8, 9, 9], []), ([7, 8, 9, 10], ["warning tick"])])
  func fewerRunsThanAskedShowNothing(_ runs: [Int], _ wanted: [String]) throws {
    let said = try verdict(BeatRunsWork.self, Self.looks(runs: runs))
    #expect(told(said) == wanted)
    #expect((said.reason == "needs 3 runs of an entry while it watches") == wanted.isEmpty)
  }

  /// Where anything of the task is seen, by whomever.
  enum Sign: CaseIterable {
    case end, failure, receipt, publication, head, held, run, count
  }

  @Test(arguments: Sign.allCases)
  func anEntryOfWhichAnythingIsSeenIsHealthy(_ sign: Sign) throws {
    let seen = Self.looks { look, index in
      guard
        index == 1 || sign == .head || sign == .held || sign == .run || sign == .end
          || sign == .failure || sign == .count
      else { return }
      let message = MessageFacts(task: "shop.tick", deliveryTag: "t", origin: "gen1@beat")
      switch sign {
      case .end:
        look.tasks = look.tasks.map { tasks in
          var tasks = tasks
          tasks.runs = [
            RecentRun(
              id: "1", task: "shop.tick", worker: WorkerID(name: "celery@w1", pid: 100),
              outcome: .succeeded, endedAt: look.takenAt)
          ]
          return tasks
        }
      case .failure:
        // A worker that does not know it.
        look.tasks = statistics(
          ["shop.tick": TaskTally(failures: ["NotRegistered": 1])],
          failures: [
            RecentFailure(
              id: "1", task: "shop.tick", worker: WorkerID(name: "celery@w1", pid: 100),
              at: look.takenAt, exceptionClass: "NotRegistered")
          ], at: look.takenAt)
      case .receipt: look.beat.traffic[0].receipts = [look.takenAt]
      case .publication:
        look.beat.traffic[0].publications = [Publication(at: look.takenAt, publisher: "gen1@beat")]
      case .head: look.queues = .value([queue(task: "shop.tick")])
      case .held:
        look.unacked = .value(
          UnackedFacts(
            count: 1, oldestDelivery: look.takenAt,
            sample: [
              UnackedMessage(
                queue: "celery", deliveredAt: look.takenAt, message: .value(message),
                size: ByteCount(100))
            ]))
      case .run:
        look.running = .value([
          RunningTask(
            id: "1", task: "shop.tick", worker: WorkerID(name: "celery@w1", pid: 100),
            startedAt: look.takenAt)
        ])
      case .count:
        look.workers = .value([Self.witness(at: look.takenAt, sends: nil, total: index * 2)])
      }
    }
    #expect(try verdict(BeatRunsWork.self, seen) == .healthy)
  }

  /// Something of its task came before the runs that were counted.
  @Test(arguments: [true, false]) func whatWasHeardOnceIsNotHeardForGood(_ isNamed: Bool) throws {
    let seen = Self.looks { look, _ in
      if isNamed {
        look.tasks = statistics(["shop.tick": TaskTally(TaskCounts())], at: look.takenAt)
      } else {
        look.beat.traffic[0].receipts = [ago(61)]
      }
    }
    #expect(
      try verdict(BeatRunsWork.self, seen).reason
        == "tick ran 4 times since shop.tick was last heard of: it may run under other arguments")
  }

  @Test func whatWasHeardAndRanLittleSinceIsHealthy() throws {
    let seen = Self.looks(runs: [7, 7, 8, 9]) { look, _ in
      look.beat.traffic[0].receipts = [ago(300)]
    }
    #expect(try verdict(BeatRunsWork.self, seen) == .healthy)
  }

  @Test func aWorkerWithoutEventsTellsByItsCounts() throws {
    let idle = Self.looks(runs: [7, 8, 9, 10, 11]) { look, _ in
      look.workers = .value([Self.witness(at: look.takenAt, sends: false, total: 40)])
    }
    // Its last answer is 20 s old: the last run may not be in it.
    #expect(try verdict(BeatRunsWork.self, idle).first?.evidence("runs") == .number(3))
  }

  @Test func aWorkerThatMayHaveRunItUnheardLeavesItUnknown() throws {
    func said(_ witness: @escaping (Timestamp) -> WorkerFacts) throws -> String? {
      try verdict(
        BeatRunsWork.self,
        Self.looks { look, _ in
          look.workers = .value([Self.witness(at: look.takenAt), witness(look.takenAt)])
        }
      ).reason
    }
    func second(_ sends: Bool?, _ registered: [RegisteredTask]?, active: Int = 0) -> (Timestamp) ->
      WorkerFacts
    {
      { moment in
        var facts = Self.witness(at: moment, sends: sends, registered: registered, active: active)
        facts.id = WorkerID(name: "celery@w2", pid: 7)
        return facts
      }
    }
    let silent = "celery@w2 may have run shop.tick: it sends no task events"
    // It drops what it does not know without a word.
    #expect(try said(second(false, [])) == silent)
    #expect(try said(second(nil, nil)) == silent)
    // What it has taken may wait for a slot.
    #expect(try said(second(false, [Self.tick], active: 1)) == silent)
    #expect(try said(second(true, [])) == nil)
    #expect(try said(second(false, [Self.tick])) == nil)
  }

  @Test func aWorkerThatIsGoneMayHaveRunIt() throws {
    let gone = Self.looks { look, index in
      guard index < 3 else { return }
      var other = Self.witness(at: look.takenAt, sends: false)
      other.id = WorkerID(name: "celery@old", pid: 7)
      look.workers = .value([Self.witness(at: look.takenAt), other])
    }
    #expect(
      try verdict(BeatRunsWork.self, gone).reason
        == "celery@old is gone, may have run shop.tick and sent no events")
  }

  @Test func messagesMayHideInAQueueThatIsNeverEmpty() throws {
    let busy = Self.looks { look, index in
      look.queues = .value([queue(ready: 3 + index, head: "tag-\(index)")])
    }
    #expect(
      try verdict(BeatRunsWork.self, busy).reason
        == "messages of shop.tick may be among those in celery")
    let still = Self.looks { look, _ in look.queues = .value([queue("archive", ready: 3)]) }
    #expect(told(try verdict(BeatRunsWork.self, still)) == ["warning tick"])
    let emptied = Self.looks(runs: [7, 9, 11, 13, 15]) { look, index in
      look.queues = .value([queue(ready: index == 4 ? 3 : 0, head: index == 4 ? "tag" : nil)])
    }
    #expect(told(try verdict(BeatRunsWork.self, emptied)) == ["warning tick"])
  }

  @Test func whileEventsWereNotHeardNothingIsKnown() throws {
    let gap = Self.looks { look, _ in
      look.events.heard = [Interval(from: ago(20), to: max(ago(20), look.takenAt))]
    }
    #expect(try verdict(BeatRunsWork.self, gap).reason?.hasPrefix("tick ran, and its") == true)
    let deaf = Self.looks { look, _ in look.tasks = .unavailable("not subscribed") }
    #expect(try verdict(BeatRunsWork.self, deaf).reason == "not subscribed")
    let stale = Self.looks { look, _ in
      look.events.heard = [Interval(from: ago(600), to: ago(60))]
    }
    #expect(try verdict(BeatRunsWork.self, stale).reason == "task events are not heard")
    let expiring = Self.looks { look, _ in
      var tally = TaskTally()
      tally.counts.expired = 1
      look.tasks = look.tasks.map { tasks in
        var tasks = tasks
        tasks.tasks = [TaskFacts(name: TaskFacts.unnamed, total: tally)]
        return tasks
      }
    }
    #expect(
      try verdict(BeatRunsWork.self, expiring).reason
        == "messages expired of which no event names the task")
  }

  @Test func itMayRunUnderAnotherName() throws {
    func said(received: Int, failed: Int, total: Int = 0) throws -> Verdict {
      var tally = TaskTally()
      (tally.counts.received, tally.counts.failed) = (received, failed)
      let heard = Self.looks { look, _ in
        look.tasks = look.tasks.map { tasks in
          var tasks = tasks
          tasks.tasks = [TaskFacts(name: "Tick tock", total: tally)]
          return tasks
        }
        var facts = Self.witness(at: look.takenAt)
        facts.stats = facts.stats.map { stats in
          var stats = stats
          if total > 0 { stats.totals["Tick tock"] = total }
          return stats
        }
        look.workers = .value([facts])
      }
      return try verdict(BeatRunsWork.self, heard)
    }
    let shadow = "Tick tock runs and no worker has registered it: it may be another's shadow"
    #expect(try said(received: 3, failed: 0).reason == shadow)
    #expect(try said(received: 0, failed: 0, total: 3).reason == shadow)
    // What no worker knew has a name of its own.
    #expect(told(try said(received: 0, failed: 3)) == ["warning tick"])
  }

  @Test func messagesMayGoWhereNoWorkerHereKnowsThem() throws {
    let elsewhere = Self.looks { look, _ in
      look.workers = .value([Self.witness(at: look.takenAt, registered: [])])
    }
    #expect(
      try verdict(BeatRunsWork.self, elsewhere).reason
        == "no live worker here is known to have registered shop.tick")
  }

  @Test func withoutRedBeatNobodyCounts() throws {
    let plain = history(of: snapshot(beat: plainBeat(received: [5])))
    #expect(
      try verdict(BeatRunsWork.self, plain).reason
        == "only RedBeat counts in Redis how often its entries ran, and there is none")
    let unread = history(of: snapshot(beat: BeatFacts(redBeat: .unavailable("timeout"))))
    #expect(try verdict(BeatRunsWork.self, unread).reason == "RedBeat's keys: timeout")
  }

  @Test func disabledEntriesAndThoseSavedAnewAreNotCounted() throws {
    let off = Self.looks(entry: { entry in
      var entry = entry
      entry.isEnabled = false
      return entry
    })
    #expect(told(try verdict(BeatRunsWork.self, off)).isEmpty)
    #expect(told(try verdict(BeatRunsWork.self, Self.looks(runs: [7, 9, 0, 2]))).isEmpty)
    let other = Self.looks(
      runs: [7, 9, 11, 13],
      entry: { entry in
        var entry = entry
        entry.task = entry.runCount == 13 ? "shop.tick" : "shop.tock"
        return entry
      })
    #expect(told(try verdict(BeatRunsWork.self, other)).isEmpty)
  }

  @Test func countsAreRememberedFromOneRunToTheNext() throws {
    let before = Self.looks()
    let later = try JSONDecoder().decode(SnapshotHistory.self, from: JSONEncoder().encode(before))
    #expect(later.entryRuns == before.entryRuns)
    #expect(later.entryRuns["tick"]?.readings.map(\.count) == [7, 9, 11, 13])
  }
}
