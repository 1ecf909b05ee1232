import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// What workers have answered, and who still owes an answer: a value that takes replies in.
struct InspectionBook: Sendable {
  /// The questions taskmon asks of its own accord.
  enum Question: String, Sendable, Hashable, CaseIterable {
    case ping, stats, active, queues, registered, conf

    static let taskItems = [
      "acks_late", "reject_on_worker_lost", "time_limit", "soft_time_limit", "autoretry_for",
      "max_retries", "ignore_result", "rate_limit",
    ]

    var method: ControlRequest.Method {
      switch self {
      case .ping: .ping
      case .stats: .stats
      case .active: .active
      case .queues: .activeQueues
      case .registered: .registered(items: Self.taskItems)
      case .conf: .conf(withDefaults: false)
      }
    }

    /// Asked once per (worker, pid) and again only after a long time.
    static let statics: [Question] = [.queues, .registered, .conf]
  }

  /// One worker's answers; a field stays unavailable, with the reason, until it has answered.
  struct Answers: Sendable {
    var pid: Int?
    var firstReply: Timestamp?
    var lastReply: Timestamp?
    var queues: Observation<[String]> = .unavailable("not asked yet")
    /// Those of its queues that are broadcasts.
    var broadcasts: [String] = []
    var registered: Observation<[RegisteredTask]> = .unavailable("not asked yet")
    var settings: Observation<WorkerSettings> = .unavailable("not asked yet")
    var schedule: [ScheduleEntry] = []
    /// The result backend as it was told, with whatever an old Celery did not mask.
    var backend: String?
    /// How its lists are named; nil until it has told.
    var transport: LayoutChoice.Transport?
    /// RedBeat's keys begin with something of their own.
    var hasRedBeatPrefix = false
    var stats: Observation<WorkerStats> = .unavailable("not asked yet")
    var active: Observation<ActiveReply> = .unavailable("not asked yet")
    var activeTasks: [ActiveTasksReply.Task] = []
    /// Which static questions were answered, refusals included, for which pid, and when.
    var answeredStatics: [Question: (pid: Int?, at: Timestamp)] = [:]
    /// When it was changed last; static questions asked before are not answered with what is so.
    var changedAt: Timestamp?
    var replySizes: [Question: Int] = [:]
  }

  /// An answer that did not come in time.
  struct Debt: Sendable, Equatable {
    var since: Timestamp
    /// The process asked, where it was known: another one of the same name owes nothing.
    var pid: Int?
    /// Nil where somebody else has asked it.
    var question: Question?
  }

  private(set) var workers: [String: Answers] = [:]
  /// Nodes that did not answer in time; they are not asked again before they do.
  private(set) var debts: [String: Debt] = [:]
  /// How often a worker was let off since it answered last.
  private var missed: [String: Int] = [:]
  private var tickets: [String: (question: Question, askedAt: Timestamp?)] = [:]
  private var ticketOrder: [String] = []
  private(set) var undecodable = 0

  private static let ticketLimit = 512
  /// How long an answer is usually under way, at most.
  private static let delay = Seconds(5)
  private let limits: Limits

  /// How much of one answer is kept.
  struct Limits: Sendable {
    var registeredTasks: Int
    var activeTasks: Int
  }

  init(budget: CollectionBudget = CollectionBudget()) {
    limits = Limits(
      registeredTasks: budget.registeredTasks, activeTasks: budget.runningTasks)
  }

  /// Remembers a question, so that a late answer is still understood.
  mutating func asked(_ question: Question, ticket: String, at now: Timestamp? = nil) {
    tickets[ticket] = (question, now)
    ticketOrder.append(ticket)
    if ticketOrder.count > Self.ticketLimit { tickets[ticketOrder.removeFirst()] = nil }
  }

  /// Since when a worker owes an answer; nil where it owes none.
  func owes(_ name: String) -> Timestamp? { debts[name]?.since }

  mutating func didNotAnswer(
    _ names: some Sequence<String>, to question: Question? = nil, pids: [String: Int] = [:],
    at now: Timestamp
  ) {
    for name in names where debts[name] == nil {
      debts[name] = Debt(
        since: now, pid: pids[name] ?? workers[name]?.pid, question: question)
    }
  }

  /// Names what was not asked of these, and why.
  mutating func decline(
    _ question: Question, of names: some Sequence<String>, because reason: String
  ) {
    for name in names { workers[name, default: Answers()].refuse(question, because: reason) }
  }

  /// After Redis was away, an answer owed may have been lost with it.
  mutating func forgiveAll() { debts = [:] }

  /// A process that was not the one asked, heard under the same name, owes nothing.
  mutating func forgive(successors living: [String: Int]) {
    debts = debts.filter { name, debt in living[name].map { $0 == debt.pid } ?? true }
  }

  /// How long a worker that owes must go on being heard until the question counts as lost.
  private static let patience = Seconds(15)
  private static let longestPatience = Seconds.minutes(5)

  /// Its answer came, if not into our own hands.
  mutating func paid(_ name: String) { debts[name] = nil }

  /// Lets off whoever was heard for a good while after it was asked; gives their names.
  ///
  /// A worker says that it is there before it listens for questions, so that the first may be
  /// lost, and a worker that is at work in its own process sends no heartbeat meanwhile. One that
  /// listens to no questions at all is asked less and less often.
  mutating func forgive(heardSince heard: [String: Timestamp]) -> Set<String> {
    var names: Set<String> = []
    for (name, debt) in debts {
      let times = missed[name] ?? 0
      let wait = min(Self.patience * Double(1 << min(times, 8)), Self.longestPatience)
      guard let last = heard[name], last - debt.since > wait else { continue }
      missed[name] = times + 1
      names.insert(name)
    }
    for name in names { debts[name] = nil }
    return names
  }

  /// Drops whoever neither lives nor has answered since `limit`.
  mutating func forget(silentSince limit: Timestamp, living: Set<String>) {
    debts = debts.filter { living.contains($0.key) || $0.value.since >= limit }
    missed = missed.filter { living.contains($0.key) }
    workers = workers.filter { name, answers in
      living.contains(name) || answers.lastReply.map { $0 >= limit } ?? false
    }
  }

  /// Takes one element of the reply list in; returns who answered what, nil for anything else.
  mutating func take(_ element: [UInt8], at now: Timestamp) -> (worker: String, Question)? {
    guard let reply = try? ControlReply(decoding: element), let ticket = reply.ticket,
      let (question, askedAt) = tickets[ticket]
    else {
      undecodable += 1
      return nil
    }
    debts[reply.worker] = nil
    missed[reply.worker] = nil
    var answers = workers[reply.worker] ?? Answers()
    answers.firstReply = answers.firstReply ?? now
    answers.lastReply = now
    answers.replySizes[question] = element.count
    if let error = reply.error {
      answers.refuse(question, because: "the worker answered: \(error)")
    } else {
      // What runs may have ended since, where the answer was read late: when it was written is not
      // known.
      let isLate = askedAt.map { now - $0 > Self.delay } ?? false
      let moment = question == .active && isLate ? askedAt ?? now : now
      answers.take(reply.answer, to: question, at: moment, limits)
    }
    // What it refused once it refuses again; asking is only repeated for another process.
    if Question.statics.contains(question), !answers.wasChanged(after: askedAt) {
      answers.answeredStatics[question] = (answers.pid, now)
    }
    workers[reply.worker] = answers
    return (reply.worker, question)
  }

  /// Static questions this worker has to be asked: never answered, for another pid, or long ago.
  ///
  /// `standing` are queues nothing is taken from, and since when: whoever consumed one is asked
  /// once more whether it still does.
  func dueStatics(
    of name: String, pid: Int?, now: Timestamp, age: Seconds, standing: [String: Timestamp] = [:]
  ) -> [Question] {
    Question.statics.filter { question in
      guard let answered = workers[name]?.answeredStatics[question] else { return true }
      if answered.pid != pid || now - answered.at > age { return true }
      guard question == .queues else { return false }
      let consumed = workers[name]?.queues.value ?? []
      return consumed.contains { standing[$0].map { answered.at < $0 } ?? false }
    }
  }

  /// Has the static questions asked again; what they were answered stays until then.
  ///
  /// An answer may be under way to what was asked before these were changed.
  mutating func forgetStatics(of names: [String], at now: Timestamp) {
    for name in names {
      workers[name]?.answeredStatics = [:]
      workers[name]?.changedAt = now
    }
  }
}

extension InspectionBook.Answers {
  fileprivate func wasChanged(after asked: Timestamp?) -> Bool {
    guard let changedAt, let asked else { return false }
    return asked <= changedAt
  }

  fileprivate mutating func refuse(_ question: InspectionBook.Question, because reason: String) {
    switch question {
    case .ping: break
    case .stats: stats = .unavailable(reason)
    case .active: active = .unavailable(reason)
    case .queues: queues = .unavailable(reason)
    case .registered: registered = .unavailable(reason)
    case .conf: settings = .unavailable(reason)
    }
  }

  fileprivate mutating func take(
    _ answer: JSONValue, to question: InspectionBook.Question, at now: Timestamp,
    _ limits: InspectionBook.Limits
  ) {
    do throws(DecodeError) {
      switch question {
      case .ping: break
      case .stats: take(try StatsReply(answer), at: now)
      case .active: take(try ActiveTasksReply(answer), at: now, atMost: limits.activeTasks)
      case .queues: take(try ActiveQueuesReply(answer))
      case .registered:
        take(
          try RegisteredReply(answer, items: InspectionBook.Question.taskItems),
          atMost: limits.registeredTasks)
      case .conf: take(try ConfReply(answer))
      }
    } catch {
      refuse(question, because: "its answer could not be read: \(error)")
    }
  }

  private mutating func take(_ reply: StatsReply, at now: Timestamp) {
    pid = reply.pid ?? pid
    stats = .value(
      WorkerStats(
        repliedAt: now, pool: reply.pool.map { PoolKind(rawValue: $0) ?? .other } ?? .other,
        slots: reply.slots, uptime: reply.uptime, prefetchCount: reply.prefetchCount,
        totals: reply.totals, softLimit: reply.softLimit, hardLimit: reply.hardLimit,
        processes: reply.processes.isEmpty ? nil : reply.processes.count,
        tasksPerChild: reply.tasksPerChild))
  }

  private mutating func take(_ reply: ActiveTasksReply, at now: Timestamp, atMost limit: Int) {
    activeTasks = Array(reply.tasks.prefix(limit))
    active = .value(ActiveReply(repliedAt: now, taskIDs: reply.tasks.map(\.id)))
  }

  private mutating func take(_ reply: ActiveQueuesReply) {
    queues = .value(reply.names)
    broadcasts = reply.broadcasts
  }

  private mutating func take(_ reply: RegisteredReply, atMost limit: Int) {
    registered = .value(reply.tasks.prefix(limit).map(RegisteredTask.init))
  }

  private mutating func take(_ reply: ConfReply) {
    transport = LayoutChoice.Transport(
      separator: reply.separator, prioritySteps: reply.prioritySteps)
    hasRedBeatPrefix = reply.hasRedBeatPrefix
    backend = reply.resultBackend
    schedule = (reply.beatSchedule ?? []).map(ScheduleEntry.init)
    settings = .value(WorkerSettings(reply, entries: schedule.map(\.name)))
  }
}
