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
  /// Those that have not answered a question: nothing more is asked of them.
  private var owing: Set<String> = []

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
    var rest = names
    while let batch = try await batch(of: &rest),
      let answers = try await ask(.active, batch)
    {
      for reply in answers.replies where reply.error == nil {
        // What cannot be read does not say that the task is not there.
        guard let tasks = try? ActiveTasksReply(reply.answer).tasks else { continue }
        answered.insert(reply.worker)
        asked.runs += tasks.filter { $0.id == id }.map {
          WorkerRun($0, on: reply.worker, stage: .active)
        }
      }
    }
    if isSmall, asked.runs.isEmpty {
      rest = names
      while let batch = try await batch(of: &rest),
        let answers = try await ask(.queryTask(ids: [id]), batch)
      {
        asked.runs += answers.replies.compactMap { WorkerRun(queried: id, $0) }
      }
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
    var rest = names
    while let batch = try await batch(of: &rest),
      let answers = try await ask(question.method, batch)
    {
      book.asked(question, ticket: answers.ticket)
      let now = call.time.now()
      for element in answers.elements { _ = book.take(element, at: now) }
    }
  }

  /// Takes so many off the rest that their answers, and those that are owed, stay within what is
  /// allowed even where each is as large as is assumed; nil where nobody is left, or may be asked.
  private mutating func batch(
    of rest: inout [String]
  ) async throws(RedisError) -> [String]? {
    rest.removeAll { owing.contains($0) }
    guard silence == nil, !rest.isEmpty else { return nil }
    switch try await call.permission() {
    case .silent(let reason):
      silence = reason
      return nil
    case .free(let free):
      let size = Int(budget.assumedReply.value)
      let room = RequestBatches.limit(free: free, budget: budget) - owing.count * size
      guard size <= room else {
        let debts = owing.isEmpty ? "" : ", beside \(owing.count.grouped) still owed,"
        silence =
          "an answer\(debts) might take more of Redis' free memory (\(free.text)) than taskmon "
          + "allows itself"
        return nil
      }
      let batch = RequestBatches.split(
        rest, expected: { _ in size }, limit: room, count: .max
      ).first
      rest.removeFirst(batch?.count ?? 0)
      return batch
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
    case .sent(let answers):
      owing.formUnion(Set(names ?? []).subtracting(answers.replies.map(\.worker)))
      return answers
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
