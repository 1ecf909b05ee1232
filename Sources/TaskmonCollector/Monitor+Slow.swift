import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// The slow rhythms: each in its own loop, none of which may end before it is cancelled.
extension Monitor {
  var pace: ScanPace {
    ScanPace(time: time, share: configuration.budget.scanShare, brake: scanBrake)
  }

  func rest(_ wait: Seconds) async -> Bool {
    do {
      try await time.sleep(wait)
      return true
    } catch {
      return false
    }
  }

  /// Rests before the next pass, not at all once what the last has found is void.
  private func restBetweenPasses(_ wait: Seconds) async -> Bool {
    let epoch = scanEpoch
    let end = time.uptime() + wait
    while epoch == scanEpoch {
      let left = end - time.uptime()
      guard left > .zero else { return true }
      guard await rest(min(left, Seconds(1))) else { return false }
    }
    return true
  }

  func pause(_ longest: Seconds, afterPassFrom begun: Seconds) -> Seconds {
    configuration.budget.pause(longest, after: time.uptime() - begun)
  }

  // MARK: Queues

  func findQueuesForever() async {
    while !Task.isCancelled {
      let begun = time.uptime()
      await findQueues()
      await countReplyLists()
      let wait = pause(configuration.budget.discoveryPause, afterPassFrom: begun)
      guard await restBetweenPasses(firstRounds.contains(.bindings) ? wait : Seconds(1))
      else { return }
    }
  }

  private func findQueues() async {
    let begun = time.uptime()
    let beganAt = time.now()
    let epoch = scanEpoch
    let collector = BindingCollector(
      layout: layout, budget: configuration.budget, pace: pace)
    do throws(RedisError) {
      let pass = try await collector.pass(scans) { await self.take($0) }
      guard let found = pass, epoch == scanEpoch else { return }
      facts.sawBinding = found.sawBinding
      facts.scanComplete = found.problems.isEmpty
      facts.bindings =
        found.problems.first.map { .unavailable($0) }
        ?? .value(BindingTable(found, readAt: beganAt))
      facts.bindingsElsewhere = found.others
      if found.problems.isEmpty { forgetQueues() }
      let cut =
        found.isCut || queues.isFull
        ? "there are more than \(configuration.budget.queues.grouped) task queues: "
          + "the others are not read"
        : nil
      note(BindingCollector.name, begun, found.problems.first ?? cut)
      firstRounds.insert(.bindings)
    } catch {
      note(BindingCollector.name, begun, error.description)
    }
  }

  /// In the same loop as the queues, so that no two scans of the broker run at a time.
  private func countReplyLists() async {
    let begun = time.uptime()
    if let countedReplyListsAt, facts.replyLists.value != nil,
      begun - countedReplyListsAt < configuration.budget.censusPause
    {
      return
    }
    let epoch = scanEpoch
    let collector = ReplyListCollector(
      layout: layout, others: Set(facts.bindingsElsewhere.keys), budget: configuration.budget,
      pace: pace)
    do throws(RedisError) {
      guard let pass = try await collector.pass(scans), epoch == scanEpoch else { return }
      countedReplyListsAt = begun
      facts.replyLists = Observation(pass)
      note(ReplyListCollector.name, begun, pass.failure?.description)
    } catch {
      note(ReplyListCollector.name, begun, error.description)
    }
  }

  private func take(_ found: BindingCollector.Found) {
    queues.name(found.queues, at: time.now())
    facts.sawBinding = facts.sawBinding || found.sawBinding
  }

  /// A queue that holds messages stays, whoever has lost its name.
  private func forgetQueues() {
    guard case .value(let counted) = facts.lengths else { return }
    let empty = counted.filter { $0.mostUrgent == nil }.map(\.queue)
    queues.forget(
      empty, unnamedSince: time.now() - configuration.budget.queueRetention)
  }

  // MARK: Configuration

  func readConfigurationForever() async {
    while !Task.isCancelled {
      let done = await readConfiguration()
      let wait = done ? configuration.budget.discoveryPause : Seconds(1)
      guard await restBetweenPasses(wait) else { return }
    }
  }

  private func readConfiguration() async -> Bool {
    let begun = time.uptime()
    let epoch = scanEpoch
    let reading = ConfigurationCollector.reading
    do throws(RedisError) {
      var cursor = ReplyCursor(try await scans.read(reading.commands))
      guard epoch == scanEpoch else { return false }
      let found = cursor.take(reading)
      facts.writesSnapshots = (try? found.get()) ?? nil
      note(ConfigurationCollector.name, begun, found.failure?.description)
      return true
    } catch {
      note(ConfigurationCollector.name, begun, error.description)
      return false
    }
  }

  func note(_ name: String, _ begun: Seconds, _ failure: String?) {
    facts.note(name, at: time.now(), duration: time.uptime() - begun, failure: failure)
  }

  // MARK: Workers

  func inspectForever() async {
    while !Task.isCancelled {
      let begun = time.uptime()
      do throws(RedisError) {
        try await inspector.round(known: liveWorkers())
        note("inspection", begun, await inspector.facts.suspended)
        firstRounds.insert(.inspection)
        guard try await askNewcomersUntilNextRound() else { return }
      } catch {
        note("inspection", begun, error.description)
        guard await rest(Seconds(1)) else { return }
      }
    }
  }

  /// Asks those who come late out of their turn, each at most once before the next round.
  ///
  /// These are workers heard for the first time, and those that have given an answer they owed.
  private func askNewcomersUntilNextRound() async throws(RedisError) -> Bool {
    let deadline = time.uptime() + configuration.inspectInterval
    var asked = liveWorkers().pids
    var late: Set<String> = []
    while time.uptime() < deadline {
      guard await rest(min(Seconds(2), deadline - time.uptime())) else { return false }
      let paid = try await inspector.drainLate().subtracting(late)
      let now = liveWorkers()
      let newcomers = now.pids.filter { asked[$0.key] != $0.value }
      asked.merge(newcomers) { $1 }
      late.formUnion(paid)
      let names = await paid.union(newcomers.keys).union(inspector.forgiveMissed(now))
        .union(takeChangedWorkers())
      if !names.isEmpty { try await inspector.round(known: now, only: names) }
    }
    return true
  }

  /// What an earlier run left behind is looked for once.
  func sweepOnce() async {
    while !Task.isCancelled {
      do throws(RedisError) {
        return try await inspector.sweepLeftovers(pace: pace)
      } catch {
        guard await rest(Seconds(1)) else { return }
      }
    }
  }

  /// Workers heard lately, so that the dead are not waited for.
  private func liveWorkers() -> Inspector.Known {
    let now = time.now()
    let records = tap.with { $0.ledger.heardWorkers }
    var newest: [String: (pid: Int, heard: Timestamp)] = [:]
    for (id, record) in records {
      let patience = max((record.state.frequency ?? Seconds(2)) * 4, Seconds(30))
      guard let pid = id.pid, record.offlineSince == nil, now - record.lastHeard <= patience,
        record.lastHeard > newest[id.name]?.heard ?? record.lastHeard - Seconds(1)
      else { continue }
      newest[id.name] = (pid, record.lastHeard)
    }
    let gone = Set(records.filter { $0.value.offlineSince != nil }.keys.map(\.name))
    let others = Set(records.filter { $0.value.offlineSince == nil }.keys.map(\.name))
    return Inspector.Known(
      pids: newest.mapValues(\.pid), heard: newest.mapValues(\.heard),
      offline: gone.subtracting(others), standing: standing(now))
  }

  /// Queues from which nothing was taken for a while, and since when.
  private func standing(_ now: Timestamp) -> [String: Timestamp] {
    history.queues.compactMapValues(\.headSince).filter {
      now - $0.value >= configuration.budget.standstill
    }
  }

  // MARK: Results

  func scanResultsForever() async {
    var link: (url: RedisURL, link: RedisLink)?
    while !Task.isCancelled {
      switch await backend() {
      case .unavailable(let reason):
        facts.forgetResults(reason)
        link = nil
        resultsURL = nil
        // Not told yet is not the same as none: `check` waits for the former.
        if firstRounds.contains(.inspection) { firstRounds.insert(.results) }
        guard await rest(Seconds(1)) else { return }
      case .value(let url):
        if link?.url != url {
          facts.forgetResults()
          resultsURL = url
          resultsRunID = nil
          link = (
            url,
            RedisLink(url: url, time: time, limits: configuration.limits, cost: cost)
          )
        }
        guard let redis = link?.link else { return }
        let begun = time.uptime()
        let wait =
          await scanResults(redis)
          ? pause(configuration.budget.resultPause, afterPassFrom: begun) : Seconds(1)
        guard await restBetweenPasses(wait) else { return }
      }
    }
  }

  private func backend() async -> Observation<RedisURL> {
    await BackendChoice(
      configuration: configuration, book: inspector.book,
      inspected: firstRounds.contains(.inspection), silence: inspector.facts.suspended
    ).url
  }

  private func scanResults(_ redis: RedisLink) async -> Bool {
    let begun = time.uptime()
    let epoch = scanEpoch
    let tap = tap
    let scanner = ResultScanner(
      layout: layout, budget: configuration.budget, pace: pace,
      taskName: { id in tap.with { $0.ledger.task(id)?.task } })
    do throws(RedisError) {
      try await noticeResultServer(redis)
      let passes = facts.results.value?.completedPasses ?? 0
      let pass = try await scanner.pass(redis) { tally in
        await self.take(progress: tally, ofFirst: passes == 0, epoch: epoch)
      }
      guard epoch == scanEpoch else { return false }
      switch pass {
      case nil: return false
      case .failure(let error)?:
        facts.forgetResults(error.description)
        note(ResultScanner.name, begun, error.description)
      case .success(let tally)?:
        take(tally, passes: passes + 1)
        chords.absorb(tally.chords, at: time.now()) { id in
          tap.with { $0.ledger.task(id)?.task }
        }
        facts.chords = .value(chords.facts)
        note(ResultScanner.name, begun, nil)
      }
      firstRounds.insert(.results)
      return true
    } catch {
      // The last good facts stay; how old they are and what failed is told beside them.
      if facts.results.value == nil { facts.results = .unavailable(error.description) }
      note(ResultScanner.name, begun, error.description)
      // A backend that is away is no reason to wait for ever.
      if polledAt != nil { firstRounds.insert(.results) }
      return false
    }
  }

  /// A result backend of its own is not polled: whether it is still the same is asked before a
  /// pass.
  private func noticeResultServer(_ redis: RedisLink) async throws(RedisError) {
    let reply = try await redis.read([.info(["server"])]).first ?? .null
    guard let info = try? ServerInfo(reply: reply, section: "INFO server"),
      let runID = info["run_id"]
    else { return }
    if let resultsRunID, resultsRunID != runID { facts.forgetResults() }
    resultsRunID = runID
  }

  /// False where the rest of the pass is not worth its cost.
  private func take(progress tally: ResultTally, ofFirst isFirst: Bool, epoch: Int) -> Bool {
    guard epoch == scanEpoch else { return false }
    // Between two passes the last complete one stands.
    if isFirst { take(tally, passes: 0) }
    return true
  }

  private func take(_ tally: ResultTally, passes: Int) {
    facts.results = .value(tally.facts(completedPasses: passes, at: time.now()))
  }
}
