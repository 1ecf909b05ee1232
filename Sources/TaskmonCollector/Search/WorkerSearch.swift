import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Asks the workers for one task, no more of them at a time than their answers may weigh.
struct WorkerSearch {
  private let configuration: MonitorConfiguration
  private let call: WorkerCall
  private let budget: CollectionBudget
  /// What they told of their settings and queues.
  private(set) var book: InspectionBook
  /// Why nobody is asked; nil while they are.
  private(set) var silence: String?
  private var receivers = 0
  /// Node names of those that answered a ping.
  private var names: [String] = []

  init(_ configuration: MonitorConfiguration, time: TimeSource, cost: RedisCostCounter) {
    self.configuration = configuration
    budget = configuration.budget
    book = InspectionBook(budget: budget)
    call = WorkerCall(
      configuration, allows: [.read, .replyList, .control], time: time, cost: cost)
    silence = configuration.isReadOnly ? "--read-only asks no worker" : nil
  }

  /// Queues the workers consume.
  var queueNames: Set<QueueName> {
    Set(book.workers.values.flatMap { $0.queues.value ?? [] }.map { QueueName($0) })
  }

  /// Who is there, what they consume and how a few of them are configured.
  mutating func meet() async throws(RedisError) {
    guard let pong = try await ask(.ping, nil) else { return }
    receivers = pong.receivers
    names = Array(Set(pong.replies.filter { $0.error == nil }.map(\.worker))).sorted()
    try await learn(.conf, from: Array(names.prefix(budget.staticBatch)))
    try await learn(.queues, from: names)
  }

  /// Where it runs, or is held where `isSmall` says that its arguments are: they come back whole.
  mutating func find(
    _ id: String, isSmall: Bool
  ) async throws(RedisError) -> Observation<AskedWorkers> {
    var asked = AskedWorkers(receivers: receivers, answered: [])
    var answered: Set<String> = []
    for batch in try await batches(names) {
      guard let answers = try await ask(.active, batch) else { break }
      for reply in answers.replies where reply.error == nil {
        answered.insert(reply.worker)
        let tasks = (try? ActiveTasksReply(reply.answer).tasks) ?? []
        asked.runs += tasks.filter { $0.id == id }.map {
          WorkerRun($0, on: reply.worker, stage: .active)
        }
      }
    }
    if isSmall, asked.runs.isEmpty, let answers = try await ask(.queryTask(ids: [id]), names) {
      asked.runs = answers.replies.compactMap { WorkerRun(queried: id, $0) }
    }
    if let silence { return .unavailable(silence) }
    asked.answered = answered.sorted()
    return .value(asked)
  }

  /// Whose tasks and settings are wanted.
  enum Concern {
    case workers([String])
    case consumers(Set<String>)
  }

  /// What some of them have registered and how they are configured.
  mutating func inform(on concern: Concern) async throws(RedisError) -> [WorkerFacts] {
    let wanted =
      switch concern {
      case .workers(let names): names
      case .consumers(let queues):
        names.filter { !queues.isDisjoint(with: book.workers[$0]?.queues.value ?? []) }
      }
    let some = Array(wanted.prefix(budget.staticBatch))
    try await learn(.conf, from: some.filter { book.workers[$0]?.settings.value == nil })
    try await learn(.registered, from: some)
    try await learn(.stats, from: some)
    return some.compactMap { name in
      book.workers[name].map { answers in
        WorkerFacts(
          id: WorkerID(name: name, pid: answers.pid),
          firstHeard: answers.firstReply ?? call.time.now(), lastReply: answers.lastReply,
          queues: answers.queues, registered: answers.registered, settings: answers.settings,
          stats: answers.stats)
      }
    }
  }

  func close() async { await call.close() }

  private mutating func learn(
    _ question: InspectionBook.Question, from names: [String]
  ) async throws(RedisError) {
    for batch in try await batches(names) {
      guard let answers = try await ask(question.method, batch) else { return }
      book.asked(question, ticket: answers.ticket)
      let now = call.time.now()
      for element in answers.elements { _ = book.take(element, at: now) }
    }
  }

  /// So many at a time that their answers stay within what is allowed even where each is as large
  /// as is assumed.
  private mutating func batches(_ names: [String]) async throws(RedisError) -> [[String]] {
    guard silence == nil, !names.isEmpty else { return [] }
    switch try await call.permission() {
    case .silent(let reason):
      silence = reason
      return []
    case .free(let free):
      let limit = RequestBatches.limit(free: free, budget: budget)
      let size = Int(budget.assumedReply.value)
      guard size <= limit else {
        silence =
          "an answer might take more of Redis' free memory (\(free.text)) than taskmon allows "
          + "itself"
        return []
      }
      return RequestBatches.split(names, expected: { _ in size }, limit: limit, count: .max)
    }
  }

  /// Nil where nobody is asked.
  private mutating func ask(
    _ method: ControlRequest.Method, _ names: [String]?
  ) async throws(RedisError) -> WorkerCall.Answers? {
    guard silence == nil, names?.isEmpty != true else { return nil }
    let layout = configuration.layout
    let outcome = try await call.ask(expecting: names?.count, wait: budget.searchReplyWait) {
      slip in
      ControlRequest(
        method, to: names, owner: slip.owner, ticket: slip.ticket, expires: slip.expires,
        layout: layout)
    }
    switch outcome {
    case .silent(let reason):
      silence = reason
      return nil
    case .broken(let error, _): throw error
    case .sent(let answers): return answers
    }
  }
}

extension WorkerRun {
  fileprivate init(_ task: ActiveTasksReply.Task, on worker: String, stage: Stage) {
    self.init(
      worker: worker, stage: stage, task: task.name, startedAt: task.startedAt,
      processID: task.processID, acknowledged: task.acknowledged, queue: task.routingKey,
      redelivered: task.redelivered, argumentsText: task.argumentsRepr,
      keywordArgumentsText: task.keywordArgumentsRepr)
  }

  /// From `{id: [stage, request]}`; nil where the worker knows nothing of it.
  fileprivate init?(queried id: String, _ reply: ControlReply) {
    guard reply.error == nil, let pair = reply.answer[id]?.array, pair.count == 2,
      let task = ActiveTasksReply.task(pair[1])
    else { return nil }
    self.init(
      task, on: reply.worker, stage: pair[0].string.flatMap(Stage.init(rawValue:)) ?? .ready)
  }
}
