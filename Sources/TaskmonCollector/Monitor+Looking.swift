import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// What each poll looks at beyond its numbers: how old messages are, and which are held.
extension Monitor {
  func lookAtAges(
    _ ends: Result<[QueueHeadCollector.Ends], CollectionError>, now: Timestamp
  ) {
    guard case .value(let queues) = facts.queueFacts else {
      facts.ages = [:]
      return
    }
    let looked = Set(((try? ends.get()) ?? []).map(\.queue.text))
    ages.look(at: queues, looked: looked, now: now)
    let ids = queues.compactMap { $0.head?.value?.taskID }
    let sent = tap.with { state in
      Dictionary(
        ids.compactMap { id in state.ledger.task(id)?.sentAt.map { (id, $0) } },
        uniquingKeysWith: { $1 })
    }
    var found: [String: Observation<QueueAge>] = [:]
    for queue in queues where queue.ready > 0 {
      found[queue.name] = ages.age(
        of: queue, sentAt: queue.head?.value?.taskID.flatMap { sent[$0] },
        track: history.queues[queue.name], now: now)
    }
    facts.ages = found
  }

  /// Looks at what is held, where it is time to.
  func sampleUnacked() async throws(RedisError) {
    guard case .value(let unacked) = facts.unacked else {
      facts.unackedSample = .unavailable(facts.unacked.reason ?? "not read")
      return
    }
    guard unacked.count > 0 else {
      facts.unackedSample = .value(UnackedSample())
      return
    }
    let begun = time.uptime()
    let budget = configuration.budget
    let isDue = UnackedSampleCollector.isDue(
      unacked.count, after: facts.unackedSample.value, ago: sampledUnackedAt.map { begun - $0 },
      budget: budget)
    guard isDue else { return }
    let names = Set(queues.ordered.map(\.text))
    let collector = UnackedSampleCollector(
      layout: layout, budget: budget, isQueue: { names.contains($0) })
    let sample = try await collector.sample(
      polls, after: facts.unackedSample.value ?? UnackedSample())
    sampledUnackedAt = begun
    facts.unackedSample = Observation(sample)
    facts.note(
      UnackedSampleCollector.name, at: time.now(), duration: time.uptime() - begun,
      failure: sample.failure?.description)
  }
}
