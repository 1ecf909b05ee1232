import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// The slow rhythm of RedBeat's schedule: its entries, and where its keys are.
extension Monitor {
  func readScheduleForever() async {
    while !Task.isCancelled {
      let begun = time.uptime()
      let wait =
        await readRedBeatEntries()
        ? pause(configuration.budget.discoveryPause, afterPassFrom: begun) : Seconds(1)
      guard await rest(wait) else { return }
      if facts.redBeat.value?.facts == nil, facts.redBeatEntries.value != nil {
        facts.redBeatEntries = .unavailable("RedBeat's schedule is gone")
      }
    }
  }

  /// False where it has to be tried again soon.
  private func readRedBeatEntries() async -> Bool {
    guard polledAt != nil else { return false }
    guard case .value(let state) = facts.redBeat, state.facts != nil else {
      // A schedule that appears is read within a second of being seen.
      await seekRedBeat()
      return false
    }
    let begun = time.uptime()
    do throws(RedisError) {
      try await readEntries(of: state, begun)
      try await seekLock(missing: state.facts?.lock == nil)
      firstRounds.insert(.schedule)
      return true
    } catch {
      note(RedBeatEntryCollector.name, begun, error.description)
      return false
    }
  }

  /// `redbeat_key_prefix` may be anything; where the usual keys are missing, they are looked for.
  ///
  /// After the first pass for queues, so that `check` waits for this one only where a worker is
  /// configured with a prefix.
  private func seekRedBeat() async {
    guard case .value = facts.redBeat else {
      firstRounds.insert(.schedule)
      return
    }
    guard firstRounds.isSuperset(of: [.bindings, .inspection]) else { return }
    let isTold = await inspector.book.workers.values.contains { $0.hasRedBeatPrefix }
    if !isTold { firstRounds.insert(.schedule) }
    let begun = time.uptime()
    if let soughtRedBeatAt, begun - soughtRedBeatAt < configuration.budget.censusPause {
      // What was found has been read by now, or is gone.
      if begun - soughtRedBeatAt > Seconds(5) { firstRounds.insert(.schedule) }
      return
    }
    let search = RedBeatSearch(budget: configuration.budget, pace: pace)
    // It is tried again with the next look where Redis went away meanwhile.
    guard let found = try? await search.pass(scans) else { return }
    soughtRedBeatAt = begun
    if let prefix = found.first {
      readRedBeat(behind: prefix)
    } else {
      firstRounds.insert(.schedule)
    }
  }

  /// `redbeat_lock_key` may name any key; where the usual one is missing, it is looked for.
  private func seekLock(missing: Bool) async throws(RedisError) {
    guard missing else {
      facts.hasSoughtLock = false
      return
    }
    let search = RedBeatLockSearch(layout: layout, budget: configuration.budget, pace: pace)
    guard let found = try await search.pass(scans) else { return }
    facts.redBeatLock = found.first
    facts.hasSoughtLock = found.isEmpty
  }

  private func readEntries(
    of state: RedBeatCollector.State, _ begun: Seconds
  ) async throws(RedisError) {
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
}
