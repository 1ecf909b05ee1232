import CeleryProtocol
import FoundationEssentials
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Asks the workers: one question at a time, to those who owe nothing, never when it could hurt.
actor Inspector {
  struct Known: Sendable {
    /// Live workers heard on the event stream, by node name, with their newest pid.
    var pids: [String: Int]
  }

  private let link: RedisLink
  private let layout: KeyLayout
  private let time: TimeSource
  private let budget: CollectionBudget
  private let owner = UUID().uuidString.lowercased()
  private(set) var book = InspectionBook()
  private(set) var facts = InspectionFacts()
  private var lastPing: (receivers: Int, at: Timestamp)?
  private var hasWritten = false

  init(link: RedisLink, layout: KeyLayout, time: TimeSource, budget: CollectionBudget) {
    self.link = link
    self.layout = layout
    self.time = time
    self.budget = budget
  }

  private var replyList: RedisKey { layout.replyList(owner: owner) }

  /// One round of everything that is due.
  func round(known: Known) async throws(RedisError) {
    facts.replies = 0
    facts.suspended = nil
    try await drain()
    try await pingIfNeeded()
    let names = askable(known)
    try await ask(.stats, names, atOnce: .max)
    let alive = names.filter { book.owing[$0] == nil }
    try await ask(.active, alive, atOnce: .max)
    for question in InspectionBook.Question.statics {
      let due = alive.filter { name in
        let pid = book.workers[name]?.pid ?? known.pids[name]
        return book.owing[name] == nil
          && book.dueStatics(of: name, pid: pid, now: time.now(), age: budget.staticFactsAge)
            .contains(question)
      }
      try await ask(question, due, atOnce: budget.staticBatch)
    }
    facts.lastRound = time.now()
  }

  /// Late answers, without asking anything; true when one came.
  func drainLate() async throws(RedisError) -> Bool {
    guard hasWritten, !book.owing.isEmpty else { return false }
    let owed = book.owing.count
    try await drain()
    return book.owing.count < owed
  }

  /// Redis was away: what was owed may never come, and our list may be gone.
  func reconnected() { book.forgiveAll() }

  func forget(_ names: [String]) { book.forget(names) }

  /// Removes our reply list; the last thing this process writes.
  func close() async {
    guard hasWritten else { return }
    // Where even this fails the list goes by its own expiry.
    _ = try? await link.send([ReplyListCommand.delete(replyList)])
  }

  /// Deletes reply lists that an earlier run left without an expiry.
  func sweepLeftovers() async throws(RedisError) {
    var cursor = Array("0".utf8)
    repeat {
      let reply = try await link.read([
        .scan(cursor: cursor, match: layout.replyListMatch, count: budget.scanStep)
      ])
      guard let step = ScanStep(reply.first ?? .null) else { return }
      cursor = step.cursor
      let lifetimes = try await link.read(step.keys.map { .millisecondsToLive($0) })
      let stale = zip(step.keys, lifetimes).filter { $0.1.integer == -1 }.map(\.0)
      if !stale.isEmpty { _ = try await link.send(stale.map { ReplyListCommand.delete($0) }) }
    } while cursor != Array("0".utf8) && !Task.isCancelled
  }

  private func askable(_ known: Known) -> [String] {
    Set(book.workers.keys).union(known.pids.keys).filter { book.owing[$0] == nil }.sorted()
  }

  /// At the start, and when a request reached more listeners than the last ping did.
  private func pingIfNeeded() async throws(RedisError) {
    if let lastPing, facts.receivers <= lastPing.receivers { return }
    if let lastPing, time.now() - lastPing.at < Seconds.minutes(5) { return }
    let receivers = try await request(.ping, to: nil, expecting: nil)
    if let receivers { lastPing = (receivers, time.now()) }
  }

  private func ask(
    _ question: InspectionBook.Question, _ names: [String], atOnce: Int
  ) async throws(RedisError) {
    var rest = names
    while !rest.isEmpty, !Task.isCancelled {
      guard case .free(let free) = try await permission() else { return }
      let batches = RequestBatches.split(
        rest,
        expected: { book.expectedBytes(question, from: $0, assumed: budget.assumedReply) },
        limit: RequestBatches.limit(free: free, budget: budget), count: atOnce)
      guard let batch = batches.first else { return }
      rest.removeFirst(batch.count)
      _ = try await request(question, to: batch, expecting: Set(batch))
    }
  }

  private func permission() async throws(RedisError) -> RequestGuard.Verdict {
    let reading = RequestGuard.reading(budget: budget)
    var cursor = ReplyCursor(try await link.read(reading.commands))
    let verdict: RequestGuard.Verdict
    switch cursor.take(reading) {
    case .success(let judged): verdict = judged
    case .failure(let error): verdict = .silent(error.description)
    }
    if case .silent(let reason) = verdict { facts.suspended = reason }
    return verdict
  }

  /// Publishes one question and takes answers until all are there or the wait is over.
  ///
  /// Returns how many connections received it; nil where it was not sent.
  private func request(
    _ question: InspectionBook.Question, to names: [String]?, expecting: Set<String>?
  ) async throws(RedisError) -> Int? {
    guard case .free = try await permission() else { return nil }
    let ticket = UUID().uuidString.lowercased()
    hasWritten = true
    let published = try await link.send([
      ReplyListCommand.multi, ReplyListCommand.pushSentinel(replyList),
      ReplyListCommand.expire(replyList), ReplyListCommand.exec,
    ])
    if let error = published.compactMap(\.error).first {
      facts.suspended = "our reply list could not be made: \(error.message)"
      return nil
    }
    book.asked(question, ticket: ticket)
    let sent = try await link.send([
      ControlRequest(
        question.method, to: names, owner: owner, ticket: ticket,
        expires: time.now() + budget.replyWait, layout: layout)
    ])
    guard let receivers = sent.first?.integer else {
      facts.suspended = sent.first?.error.map { "requests are not permitted: \($0.message)" }
      return nil
    }
    facts.receivers = receivers
    try await collect(question, expecting: expecting, receivers: receivers)
    return receivers
  }

  private func collect(
    _ question: InspectionBook.Question, expecting: Set<String>?, receivers: Int
  ) async throws(RedisError) {
    let deadline = time.uptime() + budget.replyWait
    var missing = expecting ?? []
    var answered = 0
    var pause = Seconds.milliseconds(5)
    while !Task.isCancelled {
      for answer in try await drain() where answer.1 == question {
        missing.remove(answer.worker)
        answered += 1
      }
      if expecting != nil ? missing.isEmpty : answered >= receivers { break }
      guard time.uptime() < deadline else { break }
      do { try await time.sleep(pause) } catch { return }
      pause = min(pause * 2, .milliseconds(100))
    }
    facts.replies = max(facts.replies, answered)
    if !Task.isCancelled { book.didNotAnswer(missing, at: time.now()) }
  }

  /// Takes whatever lies in our list, leaving the sentinel that keeps its expiry.
  @discardableResult
  private func drain() async throws(RedisError) -> [(worker: String, InspectionBook.Question)] {
    guard hasWritten else { return [] }
    let replies = try await link.send([
      ReplyListCommand.multi, ReplyListCommand.takeRange(replyList),
      ReplyListCommand.keepSentinel(replyList), ReplyListCommand.exec,
    ])
    let elements = replies.last?.array?.first?.array ?? []
    let now = time.now()
    // Workers push to the front, so the oldest answer stands last.
    return elements.reversed().compactMap(\.bytes)
      .filter { $0 != ReplyListCommand.sentinel }
      .compactMap { book.take($0, at: now) }
  }
}
