package import TaskmonModel
import TaskmonUnits

/// What an operator wants done, and what is known anew after it.
extension Monitor {
  /// How long a goodbye is waited for, and how often it is looked for.
  private static let goodbyePause = Seconds.milliseconds(200)
  private static let goodbyeWait = Seconds(10)

  /// Acts now; nothing is sent where nothing may be changed.
  package func perform(_ action: ControlAction) async -> ControlOutcome {
    let fleet = FleetOperator(configuration, time: time, cost: cost)
    var outcome = await fleet.perform(action, layout: layout)
    switch (action, outcome) {
    case (.shutDown(let ids), .toldToEnd):
      outcome = .toldToEnd(saidGoodbye: await sayGoodbye(ids))
    case (.rateLimit, .answered), (.timeLimit, .answered), (.growPool, .answered),
      (.shrinkPool, .answered), (.addConsumer, .answered), (.cancelConsumer, .answered),
      (.rateLimit, .unclear), (.timeLimit, .unclear), (.growPool, .unclear),
      (.shrinkPool, .unclear), (.addConsumer, .unclear), (.cancelConsumer, .unclear):
      // What they have told of themselves is no longer so.
      await inspector.forgetStatics(of: action.workers)
      changedWorkers.formUnion(action.workers)
    case (.revoke, _), (.purge, _), (.shutDown, _), (_, .notSent), (_, .purged), (_, .toldToEnd):
      break
    }
    return outcome
  }

  /// Whom to ask anew because they were changed; each is given once.
  func takeChangedWorkers() -> Set<String> {
    defer { changedWorkers = [] }
    return changedWorkers
  }

  /// Whether all of these have said goodbye before the wait is over.
  private func sayGoodbye(_ ids: [WorkerID]) async -> Bool {
    let deadline = time.uptime() + Self.goodbyeWait
    while true {
      let records = tap.with { $0.ledger.heardWorkers }
      if ids.allSatisfy({ records[$0]?.offlineSince != nil }) { return true }
      guard time.uptime() < deadline else { return false }
      do { try await time.sleep(Self.goodbyePause) } catch { return false }
    }
  }
}
