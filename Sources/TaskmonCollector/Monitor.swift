import CeleryProtocol
package import Logging
import RedisClient
package import TaskmonModel
package import TaskmonUnits

/// What a monitor hands out after each poll.
package struct MonitorUpdate: Sendable {
  package var history: SnapshotHistory
  /// Every slow collector has run once, or cannot: what is unknown now stays so for the time being.
  package var firstRoundsDone: Bool

  package init(history: SnapshotHistory, firstRoundsDone: Bool) {
    self.history = history
    self.firstRoundsDone = firstRoundsDone
  }
}

/// Observes one broker: polls fast, scans and asks slowly, listens always, and joins it all.
///
/// Each rhythm has its own connection, so that a slow one never delays a fast one.
package actor Monitor {
  package nonisolated let updates: AsyncStream<MonitorUpdate>
  private nonisolated let continuation: AsyncStream<MonitorUpdate>.Continuation

  let configuration: MonitorConfiguration
  /// Follows the workers' settings where none are given.
  private(set) var layout: KeyLayout
  let time: TimeSource
  let logger: Logger
  let tap: EventTap
  let inspector: Inspector
  let enabler: EventsEnabler
  let desk: WorkerDesk
  let polls: RedisLink
  let scans: RedisLink
  let cost = RedisCostCounter()
  let scanBrake = ScanBrake()
  /// Nil where no log is read.
  let logReader: WorkerLogReader?
  private var redisTime = RedisTime()
  let startedAt: Timestamp

  var facts = CollectedFacts()
  var queues: KnownQueues
  private var rota = QueueRota()
  var polledAt: Timestamp?
  /// When the last poll that has ended began, on the clock that never jumps.
  private var pollBegunAt = Seconds.zero
  var turn = 0
  var firstRounds: Set<SlowRhythm> = []
  var pollInterval: Seconds
  private(set) var history: SnapshotHistory
  private var watch: ServerWatch
  var ages: QueueAges
  var countedReplyListsAt: Seconds?
  var soughtRedBeatAt: Seconds?
  var sampledUnackedAt: Seconds?
  var chords = ChordWatch()
  /// Node names of workers that were told to be otherwise and have not been asked since.
  var changedWorkers: Set<String> = []
  /// Which Redis is scanned for results; nil while it is not known.
  var resultsURL: RedisURL?
  /// The process that answered there.
  var resultsRunID: String?
  /// Grows whenever what a scan has found so far is void.
  var scanEpoch = 0

  /// The slow collectors that `check` waits for once.
  enum SlowRhythm: CaseIterable {
    case bindings, schedule, inspection, results, logs
  }

  package init(
    _ configuration: MonitorConfiguration, time: TimeSource, logger: Logger,
    history: SnapshotHistory = SnapshotHistory()
  ) {
    self.configuration = configuration
    self.time = time
    self.logger = logger
    self.history = history
    layout = configuration.layout
    queues = KnownQueues(limit: configuration.budget.queues)
    pollInterval = configuration.pollInterval
    ages = QueueAges(limit: configuration.budget.rememberedTags)
    watch = ServerWatch(database: configuration.broker.database)
    startedAt = time.now()
    tap = EventTap(
      budget: configuration.budget, time: time, bounds: configuration.buckets,
      defaultQueue: configuration.defaultQueue)
    polls = RedisLink(
      url: configuration.broker, time: time, limits: configuration.limits, cost: cost)
    scans = RedisLink(
      url: configuration.broker, time: time, limits: configuration.limits, cost: cost)
    let questions = RedisLink(
      url: configuration.broker, time: time, limits: configuration.limits,
      allows: [.read, .replyList, .control], cost: cost)
    inspector = Inspector(
      link: questions, layout: layout, time: time, budget: configuration.budget)
    enabler = EventsEnabler(configuration, inspector: inspector, time: time, cost: cost)
    desk = WorkerDesk(configuration, inspector: inspector, time: time, cost: cost)
    logReader =
      configuration.workerLogs.isEmpty
      ? nil
      : WorkerLogReader(
        configuration.workerLogs, budget: configuration.budget,
        countsTails: configuration.countsLogTails,
        positions: history.workerLogs.compactMapValues(\.position))
    if logReader != nil { facts.workerLogs = WorkerLogFacts() }
    (updates, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Observes until cancelled, then leaves nothing of its own in Redis.
  package func run() async {
    let logs = followLogs()
    defer { logs?.cancel() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.beatForever() }
      group.addTask { await self.pollForever() }
      group.addTask { await self.publishForever() }
      group.addTask { await self.listenForever() }
      group.addTask { await self.findQueuesForever() }
      group.addTask { await self.readScheduleForever() }
      group.addTask { await self.readConfigurationForever() }
      group.addTask { await self.scanResultsForever() }
      if configuration.isReadOnly {
        firstRounds.insert(.inspection)
      } else {
        group.addTask { await self.inspectForever() }
        group.addTask { await self.sweepOnce() }
        if configuration.enablesEvents { group.addTask { await self.enableEventsForever() } }
      }
    }
    // The group has been cancelled, and a cancelled task sends nothing: clean up in one that is
    // not.
    let (inspector, enabler, desk) = (inspector, enabler, desk)
    await Task {
      await inspector.close()
      await enabler.close()
      await desk.close()
    }.value
    continuation.finish()
  }

  package func poll(every interval: Seconds) { pollInterval = interval }

  // MARK: The fast rhythm

  private func pollForever() async {
    while !Task.isCancelled {
      let begun = time.uptime()
      await poll(begun: begun)
      pollBegunAt = begun
      await publishIfCurrent()
      let rest = pollInterval - (time.uptime() - begun)
      do { try await time.sleep(max(rest, .milliseconds(50))) } catch { return }
    }
  }

  /// While a poll hangs, the screen still shows how old its facts are.
  private func publishForever() async {
    while !Task.isCancelled {
      do { try await time.sleep(max(pollInterval, Seconds(1))) } catch { return }
      let last = history.latest?.takenAt ?? startedAt
      if time.now() - last > pollInterval * 1.5 { await publishIfCurrent() }
    }
  }

  /// Proves every second that this process runs.
  private nonisolated func beatForever() async {
    while !Task.isCancelled {
      tap.beat()
      do { try await time.sleep(Seconds(1)) } catch { return }
    }
  }

  /// What was asked before this process stood still is old, however new its answer looks.
  ///
  /// Nor is anything judged before the events that came meanwhile were read.
  private func publishIfCurrent() async {
    if !tap.isBehind(since: pollBegunAt) { await publish() }
  }

  private func poll(begun: Seconds) async {
    turn &+= 1
    queues.name(configuration.shownQueues.map { QueueName($0) }, at: time.now())
    let known = queues.ordered
    let asked = rota.next(
      of: known, counted: facts.counted, atMost: configuration.budget.queuesPerPoll)
    do throws(RedisError) {
      let poll = FastPoll(
        layout: layout, budget: configuration.budget, time: time, redBeatLock: facts.redBeatLock)
      let found = try await poll.run(
        polls, queues: asked, suspects: suspects, turn: turn)
      let now = time.now()
      let change = noticeChange(found.server)
      facts.take(
        found, known: known, asked: asked, at: now, duration: time.uptime() - begun)
      lookAtAges(found.heads, now: now)
      lookAtOwnShare(found.served)
      polledAt = now
      try await sampleUnacked()
      // Answers owed are lost with the server, and asking may begin anew.
      if change == .replaced { await inspector.reconnected() }
    } catch {
      logger.debug("poll failed", metadata: ["error": "\(error)"])
    }
  }

  /// What Redis itself counts for us; the scans go slower where theirs is too much.
  private func lookAtOwnShare(_ served: [String: ServedCommand]) {
    guard !served.isEmpty else { return }
    let now = time.uptime()
    redisTime.absorb(served: served, own: cost.value.commands, at: now)
    guard let shares = redisTime.shares else { return }
    // Two scans may be under way.
    scanBrake.hold(shares.scans, below: configuration.budget.scanShare * 2, at: now)
  }

  /// Heads that have stood for ten seconds: where one has gone, more of the list is read.
  private var suspects: [QueueName: String] {
    let now = time.now()
    var found: [QueueName: String] = [:]
    for queue in queues.ordered {
      guard let track = history.queues[queue.text], let tag = track.headTag,
        let since = track.headSince, now - since > Seconds(10)
      else { continue }
      found[queue] = tag
    }
    return found
  }

  /// Facts of a server that is no more are dropped before a snapshot could show them, and the scans
  /// begin anew.
  private func noticeChange(
    _ found: Result<ServerFacts, CollectionError>
  ) -> ServerWatch.Change? {
    guard case .success(let server) = found else { return nil }
    let holdsResults = resultsURL.map { $0.location == configuration.broker.location } ?? true
    var databases: Set = [configuration.broker.database]
    if holdsResults, let resultsURL { databases.insert(resultsURL.database) }
    guard let change = watch.absorb(server, databases: databases) else { return nil }
    scanEpoch += 1
    facts.forgetOldServer(change, withResults: holdsResults)
    ages.forget()
    if holdsResults { chords = ChordWatch() }
    return change
  }

  // MARK: Snapshots

  func publish() async {
    let book = await inspector.book
    learnLayout(from: book)
    let limit = time.now() - configuration.budget.workerRetention
    tap.with { $0.ledger.forgetWorkers(unheardSince: limit) }
    let listed = book.workers.values.flatMap { $0.activeTasks.map(\.id) }
    let assembly = SnapshotAssembly(
      configuration: configuration, facts: facts, book: book,
      inspection: await inspector.facts, tap: tap.excerpt(of: listed), link: polls.state,
      startedAt: startedAt, polledAt: polledAt, cost: cost.value, redisTime: redisTime,
      now: time.now())
    var (snapshot, endedUnheard) = assembly.assemble()
    await noteEnabledEvents(in: &snapshot)
    tap.with { state in
      for run in endedUnheard { state.ledger.endedUnheard(run) }
      if case .value(let entries) = snapshot.beat.entries {
        state.ledger.follow(entries, at: snapshot.takenAt)
      }
      for queue in snapshot.queues.value ?? [] {
        for message in [queue.head?.value, queue.newest?.value].compactMap(\.self) {
          state.ledger.sawMessage(message, in: queue.name, at: snapshot.takenAt)
        }
      }
      for held in snapshot.unacked.value?.sample ?? [] {
        guard let message = held.message.value else { continue }
        state.ledger.sawHeld(message, from: held.queue)
        state.ledger.sawMark(of: message)
      }
      for worker in snapshot.workers.value ?? [] {
        guard case .value(let queues) = worker.queues else { continue }
        state.ledger.note(queues: queues, ofNode: worker.id.name)
        state.ledger.note(broadcasts: worker.broadcasts, ofNode: worker.id.name)
      }
    }
    learnQueues(from: snapshot)
    history.absorb(snapshot)
    continuation.yield(
      MonitorUpdate(
        history: history, firstRoundsDone: firstRounds.count == SlowRhythm.allCases.count))
  }

  /// With another separator or other steps everything about queues is read anew.
  private func learnLayout(from book: InspectionBook) {
    let choice = LayoutChoice(
      configuration: configuration, told: book.workers.values.compactMap(\.transport))
    var learned = choice.layout
    learned.redBeatPrefix = layout.redBeatPrefix
    guard learned != layout else { return }
    layout = learned
    queues = KnownQueues(limit: configuration.budget.queues)
    facts.forgetQueues()
    ages.forget()
    firstRounds.remove(.bindings)
    scanEpoch += 1
  }

  /// From now on RedBeat's keys are read behind this prefix.
  func readRedBeat(behind prefix: String) {
    guard prefix != layout.redBeatPrefix else { return }
    layout.redBeatPrefix = prefix
    facts.forgetLock()
  }

  /// What a worker consumes is a queue, whether or not anybody has declared it, and the first to be
  /// followed where there are too many.
  private func learnQueues(from snapshot: Snapshot) {
    let names = (snapshot.workers.value ?? []).flatMap { $0.queues.value ?? [] }
    queues.consume(Set(names.map { QueueName($0) }), at: snapshot.takenAt)
  }
}
