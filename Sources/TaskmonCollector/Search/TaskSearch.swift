import CeleryProtocol
package import RedisClient
package import TaskmonModel
package import TaskmonUnits

/// Looks for one task by its id: in the queues, among what workers hold, with the workers, among
/// the results.
///
/// In this order, which is the task's own way: what moves on while it is looked for is met further
/// on and not missed.
package struct TaskSearch: Sendable {
  private let configuration: MonitorConfiguration
  private let time: TimeSource
  private let cost = RedisCostCounter()

  package init(_ configuration: MonitorConfiguration, time: TimeSource) {
    self.configuration = configuration
    self.time = time
  }

  /// Throws where the broker cannot be reached; what else fails leaves its own part unknown.
  package func run(_ id: String) async throws(RedisError) -> TaskTrace {
    var trace = TaskTrace(id: id, lookedAt: time.now())
    let broker = link(configuration.broker)
    var workers = WorkerSearch(configuration, time: time, cost: cost)
    let outcome: Result<Void, RedisError>
    do throws(RedisError) {
      try await workers.meet()
      try await search(id, broker, &workers, into: &trace)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    await workers.close()
    await broker.close()
    try outcome.get()
    return trace
  }

  private func search(
    _ id: String, _ broker: RedisLink, _ workers: inout WorkerSearch, into trace: inout TaskTrace
  ) async throws(RedisError) {
    let layout = LayoutChoice(
      configuration: configuration, told: workers.book.workers.values.compactMap(\.transport)
    ).layout
    let pace = ScanPace(
      time: time, share: configuration.budget.searchShare,
      deadline: time.uptime() + configuration.budget.searchScanTime)
    let queues = QueueSearch(layout: layout, budget: configuration.budget, pace: pace)
    let waiting = try await queues.find(id, among: workers.queueNames, broker)
    (trace.waiting, trace.queueSearch) = (waiting.messages, waiting.extent)
    let held = HeldSearch(
      layout: layout, budget: configuration.budget,
      isQueue: { waiting.queues.contains(QueueName($0)) })
    (trace.held, trace.heldSearch) = try await held.find(id, broker)
    let sizes = (trace.held.value ?? []).map(\.size)
    trace.workers = try await workers.find(
      id, isSmall: !sizes.isEmpty && sizes.allSatisfy { $0 <= configuration.budget.messageBytes })
    trace.informed = try await workers.inform(on: Self.concerned(by: trace))
    (trace.visibilityTimeout, trace.visibilityTimeoutSource) = visibility(workers.book)
    trace.result = await result(of: id, layout, workers, broker)
  }

  /// Whose options count: of whoever has it, else of those that take from its queue.
  private static func concerned(by trace: TaskTrace) -> WorkerSearch.Concern {
    let runs = trace.workers.value?.runs ?? []
    if !runs.isEmpty { return .workers(Set(runs.map(\.worker)).sorted()) }
    let queues =
      (trace.waiting.value ?? []).map(\.queue) + (trace.held.value ?? []).map(\.queue)
    return .consumers(Set(queues))
  }

  private func visibility(
    _ book: InspectionBook
  ) -> (Seconds, TaskTrace.VisibilitySource) {
    if let given = configuration.visibilityTimeout { return (given, .given) }
    // Whoever sweeps first hands it out again: the shortest counts.
    let told = book.workers.values.compactMap(\.settings.value).map {
      $0.visibilityTimeout ?? WorkerSettings.Standard.visibilityTimeout
    }.min()
    return told.map { ($0, .worker) } ?? (WorkerSettings.Standard.visibilityTimeout, .assumed)
  }

  private func result(
    of id: String, _ layout: KeyLayout, _ workers: WorkerSearch, _ broker: RedisLink
  ) async -> Observation<TaskResult?> {
    let backend = BackendChoice(
      configuration: configuration, book: workers.book, inspected: true, silence: workers.silence
    ).url
    let url: RedisURL
    switch backend {
    case .unavailable(let reason): return .unavailable(reason)
    case .value(let found): url = found
    }
    let redis = url == configuration.broker ? broker : link(url)
    do throws(RedisError) {
      let found = try await ResultLookup(layout: layout, budget: configuration.budget)
        .find(id, redis)
      if url != configuration.broker { await redis.close() }
      return Observation(found)
    } catch {
      return .unavailable(error.description)
    }
  }

  private func link(_ url: RedisURL) -> RedisLink {
    RedisLink(url: url, time: time, limits: configuration.limits, cost: cost)
  }
}
