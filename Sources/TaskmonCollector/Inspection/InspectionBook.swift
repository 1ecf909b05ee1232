import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What workers have answered, and who still owes an answer: a value that takes replies in.
struct InspectionBook: Sendable {
  /// The questions taskmon asks of its own accord.
  enum Question: String, Sendable, Hashable, CaseIterable {
    case ping, stats, active, queues, registered, conf

    static let limitItems = ["time_limit", "soft_time_limit"]

    var method: ControlRequest.Method {
      switch self {
      case .ping: .ping
      case .stats: .stats
      case .active: .active
      case .queues: .activeQueues
      case .registered: .registered(items: Self.limitItems)
      case .conf: .conf(withDefaults: false)
      }
    }

    /// Asked once per (worker, pid) and again only after a long time.
    static let statics: [Question] = [.queues, .registered, .conf]
  }

  /// One worker's answers; a field stays unavailable, with the reason, until it has answered.
  struct Answers: Sendable {
    var pid: Int?
    var lastReply: Timestamp?
    var queues: Observation<[String]> = .unavailable("not answered yet")
    var registered: Observation<[RegisteredTask]> = .unavailable("not answered yet")
    var settings: Observation<WorkerSettings> = .unavailable("not answered yet")
    var schedule: [ScheduleEntry] = []
    var stats: Observation<WorkerStats> = .unavailable("not answered yet")
    var active: Observation<ActiveReply> = .unavailable("not answered yet")
    var activeTasks: [ActiveTasksReply.Task] = []
    /// Which static questions were answered, for which pid, and when.
    var answeredStatics: [Question: (pid: Int?, at: Timestamp)] = [:]
    var replySizes: [Question: Int] = [:]
  }

  private(set) var workers: [String: Answers] = [:]
  /// Nodes that did not answer in time, since when; they are not asked again before they do.
  private(set) var owing: [String: Timestamp] = [:]
  private var tickets: [String: Question] = [:]
  private var ticketOrder: [String] = []
  private(set) var undecodable = 0

  private static let ticketLimit = 512

  /// Remembers a question, so that a late answer is still understood.
  mutating func asked(_ question: Question, ticket: String) {
    tickets[ticket] = question
    ticketOrder.append(ticket)
    if ticketOrder.count > Self.ticketLimit { tickets[ticketOrder.removeFirst()] = nil }
  }

  mutating func didNotAnswer(_ names: some Sequence<String>, at now: Timestamp) {
    for name in names where owing[name] == nil { owing[name] = now }
  }

  /// After Redis was away, an answer owed may have been lost with it.
  mutating func forgiveAll() { owing = [:] }

  mutating func forget(_ names: some Sequence<String>) {
    for name in names {
      workers[name] = nil
      owing[name] = nil
    }
  }

  /// Takes one element of the reply list in; returns who answered what, nil for anything else.
  mutating func take(_ element: [UInt8], at now: Timestamp) -> (worker: String, Question)? {
    guard let reply = try? ControlReply(decoding: element), let ticket = reply.ticket,
      let question = tickets[ticket]
    else {
      undecodable += 1
      return nil
    }
    owing[reply.worker] = nil
    var answers = workers[reply.worker] ?? Answers()
    answers.lastReply = now
    answers.replySizes[question] = element.count
    if let error = reply.error {
      answers.refuse(question, because: "the worker answered: \(error)")
    } else {
      answers.take(reply.answer, to: question, at: now)
    }
    workers[reply.worker] = answers
    return (reply.worker, question)
  }

  /// Static questions this worker has to be asked: never answered, for another pid, or long ago.
  func dueStatics(
    of name: String, pid: Int?, now: Timestamp, age: Seconds
  ) -> [Question] {
    Question.statics.filter { question in
      guard let answered = workers[name]?.answeredStatics[question] else { return true }
      return answered.pid != pid || now - answered.at > age
    }
  }

  func expectedBytes(_ question: Question, from name: String, assumed: ByteCount) -> Int {
    workers[name]?.replySizes[question] ?? Int(assumed.value)
  }
}

extension InspectionBook.Answers {
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
    _ answer: JSONValue, to question: InspectionBook.Question, at now: Timestamp
  ) {
    do throws(DecodeError) {
      switch question {
      case .ping: break
      case .stats: take(try StatsReply(answer), at: now)
      case .active: take(try ActiveTasksReply(answer), at: now)
      case .queues: queues = .value(try ActiveQueuesReply(answer).names)
      case .registered:
        take(try RegisteredReply(answer, items: InspectionBook.Question.limitItems))
      case .conf: take(try ConfReply(answer))
      }
      if InspectionBook.Question.statics.contains(question) {
        answeredStatics[question] = (pid, now)
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
        totals: reply.totals, softLimit: reply.softLimit, hardLimit: reply.hardLimit))
  }

  private mutating func take(_ reply: ActiveTasksReply, at now: Timestamp) {
    activeTasks = reply.tasks
    active = .value(ActiveReply(repliedAt: now, taskIDs: reply.tasks.map(\.id)))
  }

  private mutating func take(_ reply: RegisteredReply) {
    registered = .value(
      reply.tasks.map {
        RegisteredTask(name: $0.name, hardLimit: $0.hardLimit, softLimit: $0.softLimit)
      })
  }

  private mutating func take(_ reply: ConfReply) {
    schedule = (reply.beatSchedule ?? []).map(ScheduleEntry.init)
    settings = .value(
      WorkerSettings(
        visibilityTimeout: reply.visibilityTimeout, resultBackend: reply.resultBackend,
        scheduleEntryNames: schedule.map(\.name)))
  }
}
