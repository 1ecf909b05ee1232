import CeleryProtocol
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What is asked of workers and what is remembered: at each limit all of it, one over not.
@Suite struct MemoryLimitTests {
  static let limits: [Limit] = tallies + requests + ledger + ages

  private static func result(_ number: Int) -> StoredResult {
    StoredResult(taskID: "\(number)", task: "t\(number)", size: ByteCount(Int64(number + 1)))
  }

  /// What a pass makes of so many of everything.
  private static func tally(_ count: Int, _ budget: CollectionBudget) -> ResultFacts {
    var tally = ResultTally(budget: budget)
    for number in 0..<count { tally.add(result(number), failure: "E\(number)") }
    return tally.facts(completedPasses: 1, at: at(0))
  }

  private static let tallies = [
    Limit("largestResults") { limit, given in
      tally(given, .with { $0.largestResults = limit }).largest.count == given
    },
    Limit("resultTasks") { limit, given in
      let facts = tally(given, .with { $0.resultTasks = limit })
      #expect(facts.tasks.map(\.count).reduce(0, +) == given)
      return !facts.tasks.contains { $0.task == TaskResultSizes.unknownTask }
    },
    Limit("failureClasses") { limit, given in
      let facts = tally(given, .with { $0.failureClasses = limit })
      #expect(facts.failures.values.reduce(0, +) == given)
      return facts.failures[ResultTally.otherFailures] == nil
    },
    Limit("resultMarks") { limit, given in
      var tally = ResultTally(budget: .with { $0.resultMarks = limit })
      for number in 0..<given {
        var ends = ResultEnds(first: [], last: [], size: 0)
        (ends.state, ends.worker) = ("SUCCESS", "host-\(number)")
        tally.add(ends, of: "\(number)")
      }
      return tally.facts(completedPasses: 1, at: at(1)).eagerRuns.count == given
    },
    Limit("chords") { limit, given in
      var tally = ResultTally(budget: .with { $0.chords = limit })
      for number in 0..<given { tally.add(ChordLook(groupID: "\(number)", size: 2, done: 1)) }
      return tally.chords.count == given
    },
  ]

  private static let requests = [
    Limit("staticBatch") { limit, given in
      let names = (0..<given).map(String.init)
      let batches = RequestBatches.split(names, expected: { _ in 1 }, limit: 1000, count: limit)
      #expect(batches.flatMap(\.self) == names)
      return batches.count == 1
    },
    Limit("staticFactsAge", 60) { limit, given in
      var book = InspectionBook(budget: CollectionBudget())
      book.learn(.registered, from: "w", #"["a"]"#, at: at(0))
      let age = Seconds(Double(limit))
      let due = book.dueStatics(of: "w", pid: nil, now: at(Double(given)), age: age)
      return !due.contains(.registered)
    },
    Limit("replyBytes", 1000) { limit, given in
      let budget = CollectionBudget.with { $0.replyBytes = ByteCount(Int64(limit)) }
      return RequestBatches.limit(free: .mebibytes(1024), budget: budget) >= given
    },
    Limit("replyMemoryShare", 1000) { limit, given in
      let budget = CollectionBudget.with { $0.replyMemoryShare = 0.5 }
      return RequestBatches.limit(free: ByteCount(Int64(limit * 2)), budget: budget) >= given
    },
    Limit("memoryShareForRequests", 749) { limit, given in
      let budget = CollectionBudget.with {
        $0.memoryShareForRequests = Double(limit + 1) / 1000
      }
      let verdict = RequestGuard.judge(
        memory: ServerInfo(text: "used_memory:\(given)\r\nmaxmemory:1000"),
        replication: ServerInfo(text: "role:master"), persistence: ServerInfo(text: ""),
        budget: budget)
      return verdict == .free(ByteCount(Int64(1000 - given)))
    },
    Limit("registeredTasks") { limit, given in
      var book = InspectionBook(budget: .with { $0.registeredTasks = limit })
      let names = (0..<given).map { "\"t\($0)\"" }.joined(separator: ",")
      book.learn(.registered, from: "w", "[\(names)]", at: at(1))
      return book.workers["w"]?.registered.value?.count == given
    },
  ]

  private static let ledger = [
    Limit("trackedTasks") { limit, given in
      let worker = Speaker()
      var ledger = EventLedger(budget: .with { $0.trackedTasks = limit })
      ledger.absorb((0..<given).map { worker.received("t\($0)", Double($0)) })
      #expect(ledger.tasks.count + ledger.tasks.dropped == given)
      return ledger.tasks.dropped == 0
    },
    Limit("trackedWorkers", 10) { limit, given in
      var ledger = EventLedger(budget: .with { $0.trackedWorkers = limit })
      ledger.absorb(
        (0..<given).map { Speaker(name: "w\($0)", pid: $0).heartbeat(Double($0)) })
      return ledger.workers.records.count == given
    },
    Limit("runningTasks") { limit, given in
      let worker = Speaker()
      var ledger = EventLedger(budget: .with { $0.runningTasks = limit })
      ledger.absorb((0..<given).map { worker.started("t\($0)", Double($0)) })
      let excerpt = ledger.excerpt
      #expect(excerpt.runs[worker.id] == given, "all are counted")
      return excerpt.running.count == given
    },
    Limit("heardIntervals") { limit, given in
      var hearing = Hearing(limit: limit)
      for number in 0..<given {
        hearing.connected(at: at(Double(number) * 10))
        hearing.alive(at: at(Double(number) * 10 + 5))
        hearing.lost(at: at(Double(number) * 10 + 6))
      }
      return hearing.intervals.count == given
    },
    Limit("entryMoments") { limit, given in
      let entry = ScheduleEntry(
        name: "e", task: "a.b", schedule: .every(Seconds(2)), source: .redBeat)
      var watch = BeatWatch(limit: limit)
      watch.follow([entry], at: at(0))
      for number in 0..<given { watch.received(PeriodicKey(entry), at: at(Double(number))) }
      return watch.traffic(of: entry, heard: []).receipts.count == given
    },
  ]

  private static let ages = [
    Limit("workerRetention", 60) { limit, given in
      var ledger = EventLedger(Speaker().heartbeat(0))
      ledger.forgetWorkers(unheardSince: at(Double(given - limit)))
      return ledger.workers.records.count == 1
    },
    Limit("queueRetention", 60) { limit, given in
      var queues = KnownQueues(limit: 10)
      queues.name(["a"], at: at(0))
      queues.forget(["a"], unnamedSince: at(Double(given - limit)))
      return queues.ordered == ["a"]
    },
    Limit("silenceBeforeNobody", 30) { limit, given in
      // The other way round: as long a silence tells that there is nobody, a shorter one nothing.
      let heard = Double(limit - (given - limit))
      let snapshot = try SnapshotAssemblyTests.snapshot(
        hearing: SnapshotAssemblyTests.hearing(since: 100 - heard))
      return snapshot.workers.value?.isEmpty == true
    },
  ]

  @Test(arguments: limits)
  func `at a limit all is kept, and one over is not`(_ limit: Limit) async throws {
    try await limit.check()
  }
}
