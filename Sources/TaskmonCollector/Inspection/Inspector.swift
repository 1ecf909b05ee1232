import CeleryProtocol
import FoundationEssentials
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Asks the workers: one question at a time, to those who owe nothing, never when it could hurt.
actor Inspector {
  struct Known: Sendable {
    /// Live workers heard on the event stream, by node name, with their newest pid.
    var pids: [String: Int] = [:]
    /// When each of them was heard last.
    var heard: [String: Timestamp] = [:]
    /// Those that have said goodbye and not come back.
    var offline: Set<String> = []
    /// Queues from which nothing has been taken for a while, and since when.
    var standing: [String: Timestamp] = [:]
  }

  private let replies: ReplyList
  private let link: RedisLink
  private let layout: KeyLayout
  private let time: TimeSource
  private let budget: CollectionBudget
  private(set) var book: InspectionBook
  private(set) var facts = InspectionFacts()
  private var lastPing: (receivers: Int, at: Seconds)?
  private var known = Known()
  /// Of the round under way; told when it has ended, so that a half is never taken for a whole.
  private var round = Round()

  /// The question under way, and whom it waits for; left standing where the wait was broken off.
  private var asking: InspectionBook.Question?
  private var awaited: Set<String> = []
  /// Answers to pings that have not come: nobody knows whose they are.
  private var unnamedDebts = 0

  private struct Round {
    var answered = 0
    var receivers: Int?
    var suspended: String?
  }

  init(link: RedisLink, layout: KeyLayout, time: TimeSource, budget: CollectionBudget) {
    self.link = link
    self.layout = layout
    self.time = time
    self.budget = budget
    replies = ReplyList(link: link, layout: layout, time: time)
    book = InspectionBook(budget: budget)
  }

  /// One round of everything that is due, of all workers or only of those named.
  func round(known: Known, only names: Set<String>? = nil) async throws(RedisError) {
    self.known = known
    round = Round()
    book.forgive(successors: known.pids)
    book.forget(
      silentSince: time.now() - budget.workerRetention, living: Set(known.pids.keys))
    try await drain()
    if case .free = try await permission() {
      if names == nil { try await pingIfNeeded() }
      try await askAll(askable(known).filter { names?.contains($0) ?? true })
    }
    guard !Task.isCancelled else { return }
    facts.suspended = round.suspended
    guard round.suspended == nil, names == nil else { return }
    facts.replies = round.answered
    facts.receivers = round.receivers ?? lastPing?.receivers ?? 0
    facts.lastRound = time.now()
  }

  private func askAll(_ names: [String]) async throws(RedisError) {
    try await ask(.stats, names, atOnce: .max)
    let alive = names.filter { book.owes($0) == nil }
    try await ask(.active, alive, atOnce: .max)
    for question in InspectionBook.Question.statics {
      let due = alive.filter { name in
        let pid = book.workers[name]?.pid ?? known.pids[name]
        return book.owes(name) == nil
          && book.dueStatics(
            of: name, pid: pid, now: time.now(), age: budget.staticFactsAge,
            standing: known.standing
          ).contains(question)
      }
      try await ask(question, due, atOnce: budget.staticBatch)
    }
  }

  /// Whose question must have been lost, for they were heard long after it.
  func forgiveMissed(_ known: Known) -> Set<String> { book.forgive(heardSince: known.heard) }

  /// Late answers, without asking anything; gives who has paid up.
  func drainLate() async throws(RedisError) -> Set<String> {
    guard await replies.isMade, isOwed else { return [] }
    let owed = Set(book.debts.keys)
    let found = try await drain().filter { $0.1 == .ping }.map(\.worker)
    return owed.subtracting(book.debts.keys).union(found)
  }

  private var isOwed: Bool { !book.debts.isEmpty || unnamedDebts > 0 }

  /// What these have told once is asked anew in the next round.
  func forgetStatics(of names: [String]) { book.forgetStatics(of: names, at: time.now()) }

  /// Somebody else has asked it and got no answer: it is not asked again before that came.
  func owe(_ worker: WorkerID) {
    let pids = worker.pid.map { [worker.name: $0] } ?? [:]
    book.didNotAnswer([worker.name], pids: pids, at: time.now())
  }

  func paid(_ name: String) { book.paid(name) }

  /// Redis was away: what was owed may never come, and our list may be gone.
  func reconnected() {
    book.forgiveAll()
    unnamedDebts = 0
  }

  /// Removes our reply list, or leaves it to its expiry where an answer may still come; the last
  /// thing this process writes.
  func close() async {
    if asking != nil { await replies.hurry { await self.awaitTheLast() } }
    await replies.end(isOwed: isOwed || !awaited.isEmpty)
  }

  /// Whoever was asked a moment ago is about to answer.
  private func awaitTheLast() async {
    while asking == .ping ? unnamedDebts > 0 : !awaited.isEmpty {
      do {
        try await drain()
        try await time.sleep(.milliseconds(10))
      } catch { return }
    }
  }

  /// Deletes reply lists that an earlier run left without an expiry.
  func sweepLeftovers(pace: ScanPace) async throws(RedisError) {
    var cursor = ScanStep.start
    repeat {
      let begun = pace.begin()
      let reply = try await link.read([
        .scan(cursor: cursor, match: layout.replyListMatch, count: budget.scanStep)
      ])
      guard let step = ScanStep(reply.first ?? .null) else { return }
      cursor = step.cursor
      let lifetimes = try await link.read(step.keys.map { .millisecondsToLive($0) })
      let stale = zip(step.keys, lifetimes).filter { $0.1.integer == -1 }.map(\.0)
      if !stale.isEmpty { _ = try await link.send(stale.map { ReplyListCommand.delete($0) }) }
      if await !pace.rest(since: begun) { return }
    } while cursor != ScanStep.start
  }

  private func askable(_ known: Known) -> [String] {
    Set(book.workers.keys).union(known.pids.keys).subtracting(known.offline)
      .filter { book.owes($0) == nil }.sorted()
  }

  private static let pingPause = Seconds(60)
  private static let pingAge = Seconds.minutes(5)

  /// Everybody, to find those that send no heartbeat: at the start, where nobody is known, when
  /// the number of listeners has changed, and now and then.
  private func pingIfNeeded() async throws(RedisError) {
    if let lastPing {
      let age = time.uptime() - lastPing.at
      // Whoever has heard the last one and does not answer is not asked in each round.
      let isNobodyKnown =
        known.pids.isEmpty && book.workers.isEmpty
        && (lastPing.receivers == 0 || age > Self.pingPause)
      let hasChanged = facts.receivers != lastPing.receivers && age > Self.pingPause
      guard isNobodyKnown || hasChanged || age > Self.pingAge else { return }
    }
    let receivers = try await request(.ping, to: nil)
    if let receivers { lastPing = (receivers, time.uptime()) }
  }

  /// Asks them in batches, each of which has ended before the next.
  ///
  /// The first answer shows how large one is: until it is there only few are asked, one at first.
  private func ask(
    _ question: InspectionBook.Question, _ names: [String], atOnce most: Int
  ) async throws(RedisError) {
    var rest = names
    var few = 1
    while !rest.isEmpty, !Task.isCancelled {
      guard case .free(let free) = try await permission() else { return }
      let sizes = ReplySizes(of: question, book: book, budget: budget, free: free, now: time.now())
      let (fitting, tooLarge) = RequestBatches.sieve(
        rest, expected: sizes.least, limit: sizes.limit)
      book.decline(
        question, of: tooLarge,
        because: "not asked: its answer might take more of Redis' free memory (\(free.text)) "
          + "than taskmon allows itself")
      guard let batch = sizes.batch(of: fitting, few: few, most: most) else { return }
      few = few < most / 2 ? few * 2 : most
      rest = Array(fitting.dropFirst(batch.count))
      _ = try await request(question, to: batch)
    }
  }

  private func permission() async throws(RedisError) -> RequestGuard.Verdict {
    let verdict = try await RequestGuard.verdict(over: link, budget: budget)
    if case .silent(let reason) = verdict { suspend(reason) }
    return verdict
  }

  private func suspend(_ reason: String) {
    round.suspended = reason
    facts.suspended = reason
  }

  /// Publishes one question, permitted a moment ago, and takes answers until all are there or the
  /// wait is over.
  ///
  /// Returns how many connections received it; nil where it was not sent.
  private func request(
    _ question: InspectionBook.Question, to names: [String]?
  ) async throws(RedisError) -> Int? {
    if let error = try await replies.renew() {
      suspend("our reply list could not be made: \(error.sentence(on: layout))")
      return nil
    }
    (asking, awaited) = (question, Set(names ?? []))
    let receivers: Int?
    do throws(RedisError) {
      receivers = try await publish(question, to: names)
      if receivers == nil { awaited = [] }
      if let receivers { try await collect(question, isForAll: names == nil, receivers) }
    } catch {
      // It may have been sent all the same.
      stopWaiting()
      throw error
    }
    stopWaiting()
    return receivers
  }

  private func publish(
    _ question: InspectionBook.Question, to names: [String]?
  ) async throws(RedisError) -> Int? {
    let ticket = UUID().uuidString.lowercased()
    book.asked(question, ticket: ticket, at: time.now())
    let sent = try await link.send([
      ControlRequest(
        question.method, to: names, owner: replies.owner, ticket: ticket,
        expires: time.now() + budget.replyWait, layout: layout)
    ])
    guard let receivers = sent.first?.integer else {
      let why = sent.first?.error?.sentence(on: layout) ?? "PUBLISH gave no number"
      suspend("requests are not permitted: \(why)")
      return nil
    }
    round.receivers = receivers
    if names == nil { unnamedDebts += receivers }
    return receivers
  }

  private func collect(
    _ question: InspectionBook.Question, isForAll: Bool, _ receivers: Int
  ) async throws(RedisError) {
    let deadline = time.uptime() + budget.replyWait
    var answered = 0
    var pause = Seconds.milliseconds(5)
    while !Task.isCancelled {
      answered += try await drain().count { $0.1 == question }
      round.answered = max(round.answered, answered)
      if isForAll ? answered >= receivers : awaited.isEmpty { return }
      guard time.uptime() < deadline else { return }
      do { try await time.sleep(pause) } catch { return }
      pause = min(pause * 2, .milliseconds(100))
    }
  }

  /// Whoever has not answered owes; but not where nobody was given the time to.
  private func stopWaiting() {
    guard !Task.isCancelled else { return }
    if let asking { book.didNotAnswer(awaited, to: asking, pids: known.pids, at: time.now()) }
    (asking, awaited) = (nil, [])
  }

  /// Takes whatever lies in our list.
  @discardableResult
  private func drain() async throws(RedisError) -> [(worker: String, InspectionBook.Question)] {
    let elements = try await replies.take(keepingAlive: isOwed)
    let now = time.now()
    let answers = elements.compactMap { book.take($0, at: now) }
    for answer in answers where answer.1 == asking { awaited.remove(answer.worker) }
    unnamedDebts = max(0, unnamedDebts - answers.count { $0.1 == .ping })
    return answers
  }
}
