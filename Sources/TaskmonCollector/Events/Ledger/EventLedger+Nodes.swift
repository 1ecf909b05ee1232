/// Names of nodes come and go for as long as taskmon runs, where hosts are made anew all the time.
extension EventLedger {
  /// Makes room for new ones: forgets those that only old tasks speak of.
  ///
  /// Series keep theirs, for counts must never fall, and so do the latest failures and runs.
  mutating func recycleNodes() {
    var kept: Set<NameTable.Index> = [NameTable.other]
    for worker in workers.records { kept.insert(worker.key.node) }
    for series in series.all { kept.insert(series.key.node) }
    for entry in failureRing.newestFirst { kept.insert(entry.worker.node) }
    for entry in runRing.newestFirst { kept.insert(entry.worker.node) }
    for node in troubles.nodes { kept.insert(node) }
    var fresh = NameTable(limit: budget.eventNodes, hasher: hasher)
    var numbers = IndexMap()
    for old in kept.sorted() where old != NameTable.unknown {
      numbers[old] = fresh.intern(nodes[old])
    }
    renumber { [numbers] old in
      guard old != NameTable.unknown else { return old }
      return numbers[old] == NameTable.unknown ? NameTable.other : numbers[old]
    }
    nodes = fresh
  }

  private mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    workers.renumber(new)
    series.renumber(new)
    failureRing.renumber(new)
    runRing.renumber(new)
    troubles.renumber(new)
    for place in tasks.records.indices { tasks.change(place) { $0.node = new($0.node) } }
    // All are told anew: with the next look at the workers, and as events come.
    onlyQueues = IndexMap()
    broadcastNodes = []
    nodeMeters = MeterTable(limit: budget.trackedWorkers)
  }
}
