import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// The slow rhythms: each in its own loop, none of which may end before it is cancelled.
extension Monitor {
  private var pace: ScanPace {
    ScanPace(time: time, share: configuration.budget.scanShare)
  }

  private func rest(_ wait: Seconds) async -> Bool {
    do {
      try await time.sleep(wait)
      return true
    } catch {
      return false
    }
  }

  // MARK: Queues

  func findQueuesForever() async {
    while !Task.isCancelled {
      await findQueues()
      let wait = configuration.budget.discoveryPause
      guard await rest(firstRounds.contains(.bindings) ? wait : Seconds(1)) else { return }
    }
  }

  private func findQueues() async {
    let begun = time.uptime()
    let collector = BindingCollector(
      layout: layout, budget: configuration.budget, pace: pace)
    do throws(RedisError) {
      let found = try await collector.pass(scans)
      queues.formUnion(found.queues)
      facts.sawBinding = found.sawBinding
      facts.scanComplete = found.problems.isEmpty
      note(BindingCollector.name, begun, found.problems.first)
      firstRounds.insert(.bindings)
      try await readRedBeatEntries()
    } catch {
      note(BindingCollector.name, begun, error.description)
    }
  }

  private func readRedBeatEntries() async throws(RedisError) {
    guard case .value(let state) = facts.redBeat, state.facts != nil else { return }
    let begun = time.uptime()
    let keys = state.due.keys.sorted { $0.text < $1.text }
    let sizes = RedBeatEntryCollector.sizes(keys, limit: configuration.budget.beatEntryBytes)
    var cursor = ReplyCursor(try await scans.read(sizes.commands))
    let small = (try? cursor.take(sizes).get()) ?? []
    let reading = RedBeatEntryCollector.entries(small, due: state.due)
    cursor = ReplyCursor(try await scans.read(reading.commands))
    let entries = cursor.take(reading)
    facts.redBeatEntries = Observation(entries)
    note(RedBeatEntryCollector.name, begun, entries.failure?.description)
  }

  private func note(_ name: String, _ begun: Seconds, _ failure: String?) {
    facts.note(name, at: time.now(), duration: time.uptime() - begun, failure: failure)
  }

  // MARK: Workers

  func inspectForever() async {
    var hasSwept = false
    while !Task.isCancelled {
      let begun = time.uptime()
      do throws(RedisError) {
        if !hasSwept {
          try await inspector.sweepLeftovers()
          hasSwept = true
        }
        try await inspector.round(known: liveWorkers())
        note("inspection", begun, await inspector.facts.suspended)
        firstRounds.insert(.inspection)
        guard await waitForLateAnswers() else { return }
      } catch {
        note("inspection", begun, error.description)
        guard await rest(Seconds(1)) else { return }
      }
    }
  }

  /// Until the next round; sooner where a worker that owed an answer has given it, or a new worker
  /// has been heard.
  private func waitForLateAnswers() async -> Bool {
    let deadline = time.uptime() + configuration.inspectInterval
    let known = liveWorkers().pids
    while time.uptime() < deadline {
      guard await rest(min(Seconds(2), deadline - time.uptime())) else { return false }
      // A failure shows in the next round, which asks Redis as well.
      if let came = try? await inspector.drainLate(), came { return true }
      let now = liveWorkers().pids
      if now.contains(where: { known[$0.key] != $0.value }) { return true }
    }
    return true
  }

  /// Workers heard lately, so that the dead are not waited for.
  private func liveWorkers() -> Inspector.Known {
    let now = time.now()
    let retention = configuration.budget.workerRetention
    let records = tap.with { state in
      state.ledger.forgetWorkers(unheardSince: now - retention)
      return state.ledger.workers
    }
    var newest: [String: (pid: Int, heard: Timestamp)] = [:]
    for (id, record) in records {
      let patience = max((record.state.frequency ?? Seconds(2)) * 4, Seconds(30))
      guard let pid = id.pid, record.offlineSince == nil, now - record.lastHeard <= patience,
        record.lastHeard > newest[id.name]?.heard ?? record.lastHeard - Seconds(1)
      else { continue }
      newest[id.name] = (pid, record.lastHeard)
    }
    return Inspector.Known(pids: newest.mapValues(\.pid))
  }

  // MARK: Results

  func scanResultsForever() async {
    var link: (url: RedisURL, link: RedisLink)?
    while !Task.isCancelled {
      switch await backend() {
      case .unavailable(let reason):
        facts.results = .unavailable(reason)
        // Not told yet is not the same as none: `check` waits for the former.
        if firstRounds.contains(.inspection) { firstRounds.insert(.results) }
        guard await rest(Seconds(1)) else { return }
      case .value(let url):
        if link?.url != url {
          link = (
            url,
            RedisLink(url: url, time: time, limits: configuration.limits, cost: cost)
          )
        }
        guard let redis = link?.link else { return }
        let done = await scanResults(redis)
        let wait = done ? configuration.budget.resultPause : Seconds(1)
        guard await rest(wait) else { return }
      }
    }
  }

  private func backend() async -> Observation<RedisURL> {
    await BackendChoice(
      configuration: configuration, book: inspector.book,
      inspected: firstRounds.contains(.inspection)
    ).url
  }

  private func scanResults(_ redis: RedisLink) async -> Bool {
    let begun = time.uptime()
    let tap = tap
    let scanner = ResultScanner(
      layout: layout, budget: configuration.budget, pace: pace,
      taskName: { id in tap.with { $0.ledger.tasks[id]?.name } })
    let passes = facts.results.value?.completedPasses ?? 0
    do throws(RedisError) {
      let pass = try await scanner.pass(redis) { tally in
        // Between two passes the last complete one stands.
        if passes == 0 { await self.take(tally, passes: 0) }
      }
      switch pass {
      case nil: return false
      case .failure(let error)?:
        facts.results = .unavailable(error.description)
        note(ResultScanner.name, begun, error.description)
      case .success(let tally)?:
        take(tally, passes: passes + 1)
        note(ResultScanner.name, begun, nil)
      }
      firstRounds.insert(.results)
      return true
    } catch {
      facts.results = .unavailable(error.description)
      note(ResultScanner.name, begun, error.description)
      // A backend that is away is no reason to wait for ever.
      if facts.server.value != nil { firstRounds.insert(.results) }
      return false
    }
  }

  private func take(_ tally: ResultTally, passes: Int) {
    facts.results = .value(tally.facts(completedPasses: passes, at: time.now()))
  }
}
