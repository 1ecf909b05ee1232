package import TaskmonModel
import TaskmonUnits

/// Everything known of one run that is under way.
package enum RunPage {
  package static func page(_ run: RunningTask, _ context: ViewContext) -> Page {
    var blocks: [PageBlock] = [.line(StyledLine()), .facts(facts(run, context))]
    blocks += [.heading("Limits"), .facts(limits(run, context))]
    if let arguments = run.arguments {
      blocks += [.heading("Arguments"), .prose("    " + arguments)]
    }
    blocks += run.task.map { AuditPage.blocks(of: $0, context) } ?? []
    return Page("run \(run.id)", blocks + held(run, context) + failures(run, context))
  }

  private static func facts(_ run: RunningTask, _ context: ViewContext) -> [PageFact] {
    let confirmed: PageFact =
      run.confirmedAt.map {
        PageFact("known to run", context.moments.full($0, now: context.now))
      } ?? .unknown("known to run", "its end may have gone unheard")
    return [
      PageFact("id", run.id), run.task.map { PageFact("task", $0) } ?? .unknown("task"),
      PageFact("worker", run.worker.name),
      run.worker.pid.map { PageFact("pid of the worker", "\($0)") }
        ?? .unknown("pid of the worker"),
      run.childPID.map { PageFact("pid of its process", "\($0)") }
        ?? .unknown("pid of its process", "no worker's answer lists it yet"),
      PageFact("started", context.moments.full(run.startedAt, now: context.now)),
      confirmed, acknowledged(run),
      run.retries.map { PageFact("attempts before", "\($0)") } ?? .unknown("attempts before"),
      run.queue.map { PageFact("queue", $0) } ?? .unknown("queue"),
    ]
  }

  private static func acknowledged(_ run: RunningTask) -> PageFact {
    run.acknowledged.map { Redelivery.acknowledged($0) }
      ?? .unknown("acknowledged", "no worker's answer lists it yet")
  }

  private static func limits(_ run: RunningTask, _ context: ViewContext) -> [PageFact] {
    let usual: PageFact =
      run.usual.map {
        PageFact(
          "usually done within", "\(TaskText.duration($0.p99)) (99 of 100 of \($0.runs) runs)")
      } ?? .unknown("usually done within", "too few runs were seen")
    return LimitText.facts(run.limits, after: context.age(run.startedAt)) + call(run, context)
      + [usual, Redelivery(run, context).fact(context)]
  }

  /// What its own message says comes first, and is seen only while that is held.
  private static func call(_ run: RunningTask, _ context: ViewContext) -> [PageFact] {
    let sources = [run.limits.hardSource, run.limits.softSource]
    let isSeen = (context.snapshot.unacked.value?.sample ?? []).contains { held in
      held.message.value?.taskID == run.id
    }
    if isSeen || sources.contains(.message) { return [] }
    return [
      .unknown("limits given with the call", "its message is gone; they would come first")
    ]
  }

  /// Its message, where a worker still holds it.
  private static func held(_ run: RunningTask, _ context: ViewContext) -> [PageBlock] {
    let sample = context.snapshot.unacked.value?.sample ?? []
    guard let own = sample.first(where: { $0.message.value?.taskID == run.id }) else { return [] }
    return [
      .heading("Its message is held unacknowledged"),
      .facts([
        own.deliveredAt.map {
          PageFact("delivered", context.moments.full($0, now: context.now))
        } ?? .unknown("delivered"),
        PageFact("queue", own.queue), PageFact("size", own.size.text),
        PageFact("redelivered", own.message.value?.redelivered == true ? "yes" : "no"),
      ]),
    ]
  }

  private static func failures(_ run: RunningTask, _ context: ViewContext) -> [PageBlock] {
    let own = (context.snapshot.tasks.value?.failures ?? []).filter { $0.id == run.id }
    guard !own.isEmpty else { return [] }
    return [.heading("Earlier attempts")] + own.flatMap { TaskPage.failure($0, context) }
  }
}
