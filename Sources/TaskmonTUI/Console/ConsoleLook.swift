import TaskmonModel
import TaskmonUnits

/// Asks the worker whose page is open what it holds, when the page opens and again now and then.
extension Console {
  static let lookPause = Seconds(10)
  /// An answer that has not come by then comes no more.
  static let lookPatience = Seconds(60)

  /// Nothing while paused, and nothing of a snapshot that is replayed.
  mutating func lookAtWorker() -> [Effect] {
    guard held == nil else { return [] }
    guard followsClock, let page, let context,
      let worker = ViewRegistry.view(view).worker(page.row, context)
    else {
      look = nil
      return []
    }
    let now = [clock, context.now].compactMap(\.self).max() ?? context.now
    if let look, look.worker == worker,
      now - look.askedAt < (look.isAsking ? Self.lookPatience : Self.lookPause)
    {
      return []
    }
    let known = look.flatMap { $0.worker == worker ? $0.answer : nil }
    look = WorkerLook(worker: worker, askedAt: now, answer: known)
    return [.ask(worker)]
  }

  /// Of another worker than the one looked at it comes too late.
  mutating func take(_ answer: WorkerHoldings) {
    guard look?.worker == answer.worker else { return }
    look?.isAsking = false
    look?.answer = answer
  }
}
