import TaskmonModel
import TaskmonUnits

/// The sums that the snapshot shows.
extension EventLedger {
  /// `heard` are the times when our own subscription was proved alive.
  func statistics(at now: Timestamp, since: Timestamp, heard: [Interval]) -> TaskStatistics {
    let tick = Meter.tick(now)
    let starts = Meter.starts(at: tick)
    let (tasks, other) = taskFacts(at: tick)
    return TaskStatistics(
      since: since, recent: Self.counted(from: max(since, starts.ten), to: now, heard),
      minute: Self.counted(from: max(since, starts.minute), to: now, heard), tasks: tasks,
      other: other, nodes: nodeFacts(at: tick), series: allSeries(),
      droppedSeries: series.dropped, failures: recentFailures(),
      duplicates: duplicates.reversed(), runs: recentRuns())
  }

  private static func counted(
    from start: Timestamp, to end: Timestamp, _ heard: [Interval]
  ) -> CountedTime {
    let lived = heard.compactMap { $0.after(start) }.reduce(Seconds.zero) { sum, interval in
      sum + max(.zero, min(interval.end, end) - interval.start)
    }
    return CountedTime(from: start, to: end, heard: lived)
  }

  // MARK: By task

  private func taskFacts(at tick: Int64) -> ([TaskFacts], TaskFacts?) {
    let failures = failureMeters.tallies(at: tick)
    let marks = marks(at: tick)
    func facts(_ name: String, _ owner: NameTable.Index, _ meter: Meter) -> TaskFacts {
      var facts = self.facts(named: name, owner, meter, failures, tick)
      if let own = marks[owner] { facts.recent.marks = own }
      return facts
    }
    var found = taskMeters.meters.dropFirst().map { owner, meter in
      facts(name(owner) ?? TaskFacts.unnamed, owner, meter)
    }
    let first = taskMeters.meters[0]
    var others = [facts(names[NameTable.other], first.owner, first.meter)]
    if found.count > budget.taskNames {
      found.sort { left, right in
        (left.recent.counts.activity, left.total.counts.activity)
          > (right.recent.counts.activity, right.total.counts.activity)
      }
      others += found[budget.taskNames...]
      found.removeLast(found.count - budget.taskNames)
    }
    found.sort { $0.name < $1.name }
    let other = others.dropFirst().reduce(others[0]) { $0.adding($1) }
    return (found, other.total.counts == .zero ? nil : other)
  }

  private func facts(
    named name: String, _ owner: NameTable.Index, _ meter: Meter,
    _ failures: [NameTable.Index: (total: FailureMeters.Tally, recent: FailureMeters.Tally)],
    _ tick: Int64
  ) -> TaskFacts {
    let classes = failures[owner]
    return TaskFacts(
      name: name, total: tally(meter.totals, classes?.total),
      recent: tally(meter.lastTen(at: tick), classes?.recent), minute: meter.lastMinute(at: tick),
      completedByMinute: meter.completedByMinute(at: tick), runtime: runtimes[owner]?.times,
      wait: waits[owner]?.times)
  }

  private func tally(_ counts: TaskCounts, _ classes: FailureMeters.Tally?) -> TaskTally {
    TaskTally(counts, failures: named(classes?.failures), retries: named(classes?.retries))
  }

  private func named(_ counts: [NameTable.Index: Int]?) -> [String: Int] {
    Dictionary(
      (counts ?? [:]).map { (classes[$0.key], $0.value) }, uniquingKeysWith: { $0 + $1 })
  }

  // MARK: By worker and series

  private func nodeFacts(at tick: Int64) -> [NodeTaskFacts] {
    nodeMeters.meters.compactMap { owner, meter in
      guard meter.totals != .zero else { return nil }
      return NodeTaskFacts(
        node: nodes[owner], total: meter.totals, recent: meter.lastTen(at: tick),
        minute: meter.lastMinute(at: tick))
    }.sorted { $0.node < $1.node }
  }

  private func allSeries() -> [TaskSeries] {
    var failures: [UInt32: [String: Int]] = [:]
    for (key, count) in series.failures {
      failures[key.series, default: [:]][className(key.failure) ?? "", default: 0] +=
        Int(clamping: count)
    }
    return series.all.enumerated().compactMap { place, series in
      let counts = series.taskCounts
      let failed = failures[UInt32(place)] ?? [:]
      guard place > 0 || counts != .zero || !failed.isEmpty else { return nil }
      return TaskSeries(
        task: name(series.key.name) ?? TaskFacts.unnamed, node: nodes[series.key.node],
        queue: queues[series.key.queue], counts: counts, failures: failed,
        runtime: series.runtime.buckets(
          self.series.bounds.runtime, exemplars: series.exemplars.map(exemplar)),
        wait: series.wait.buckets(self.series.bounds.wait))
    }
  }

  private func recentFailures() -> [RecentFailure] {
    failureRing.newestFirst.map { entry in
      RecentFailure(
        id: idText(entry.key), task: name(entry.name), worker: worker(entry.worker),
        queue: entry.queue == NameTable.unknown ? nil : queues[entry.queue], at: entry.at,
        isRetry: entry.isRetry, retries: entry.retries.map(Int.init),
        exceptionClass: className(entry.failure), message: entry.exception?.resolved(atMost: 1024),
        traceback: entry.traceback?.resolved)
    }
  }
}

extension EventLedger {
  /// Nil where there is none, and where the text of its id is no longer known.
  private func exemplar(_ run: RunExemplar) -> TimeExemplar? {
    guard let at = Self.timestamp(run.at) else { return nil }
    if run.key.isHash, textIDs[run.key] == nil { return nil }
    return TimeExemplar(taskID: idText(run.key), time: Seconds(max(0, run.time)), at: at)
  }

  private func recentRuns() -> [RecentRun] {
    runRing.newestFirst.compactMap { entry in
      guard let endedAt = Self.timestamp(entry.endedAt) else { return nil }
      return RecentRun(
        id: idText(entry.key), task: name(entry.name), worker: worker(entry.worker),
        queue: entry.queue == NameTable.unknown ? nil : queues[entry.queue],
        outcome: entry.outcome, startedAt: Self.timestamp(entry.startedAt), endedAt: endedAt,
        runtime: entry.took, retries: entry.retries.map(Int.init))
    }
  }
}

extension Series {
  var taskCounts: TaskCounts { TaskCounts { Int(clamping: self[$0]) } }
}

extension FixedHistogram {
  fileprivate func buckets(
    _ bounds: [Double], exemplars: [TimeExemplar?] = []
  ) -> TimeBuckets {
    TimeBuckets(
      bounds: bounds, counts: counts.map { Int(clamping: $0) }, sum: sum, exemplars: exemplars)
  }
}

extension TaskFacts {
  /// Both under the name of the first; percentiles cannot be added up.
  fileprivate func adding(_ more: TaskFacts) -> TaskFacts {
    TaskFacts(
      name: name, total: total + more.total, recent: recent + more.recent,
      minute: minute + more.minute,
      completedByMinute: zip(completedByMinute, more.completedByMinute).map { $0 + $1 })
  }
}
