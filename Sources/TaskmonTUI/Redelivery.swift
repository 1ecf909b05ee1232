import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// When Redis hands the message of a run out again, as far as that is known.
struct Redelivery: Sendable {
  /// Nil: no worker told.
  var acknowledged: Bool?
  /// When Redis handed it out; nil where its message was not seen.
  var deliveredAt: Timestamp?
  var startedAt: Timestamp
  /// When its hard limit ends it; nil where it has none, or none that is known or enforced.
  var endsAt: Timestamp?
  var visibility: Seconds

  init(_ run: RunningTask, _ context: ViewContext) {
    let held = (context.snapshot.unacked.value?.sample ?? []).first { held in
      held.message.value?.taskID == run.id
    }
    // What is held has not been acknowledged, whether or not its worker has told yet.
    acknowledged = run.acknowledged ?? held.map { _ in false }
    deliveredAt = held?.deliveredAt
    startedAt = run.startedAt
    let pool = context.snapshot.workers.value?.first { $0.id == run.worker }?.stats.value?.pool
    endsAt =
      pool?.enforcesHardLimit == true ? run.limits.hard.map { run.startedAt + $0 } : nil
    visibility = VisibilityTimeout(context.history, context.snapshot).seconds
  }

  /// The moment, and whether it may still run then; nil where it is never handed out again.
  ///
  /// A message is delivered before its task starts, so that without a delivery the moment is the
  /// latest that is possible.
  private var again: Timestamp? {
    acknowledged == false ? (deliveredAt ?? startedAt) + visibility : nil
  }

  /// Whether its limit ends it before.
  private var endsBefore: Bool {
    guard let again, let endsAt else { return false }
    return endsAt < again
  }

  static let name = "handed out again"
  /// Of a run that is acknowledged.
  static let never = PageFact(name, "never: it is acknowledged, and lost if its worker dies")

  /// What becomes of a run if its worker dies.
  static func acknowledged(_ isAcknowledged: Bool) -> PageFact {
    PageFact(
      "acknowledged",
      isAcknowledged
        ? "yes: it is lost if the worker dies" : "no: it runs again if the worker dies")
  }

  func fact(_ context: ViewContext) -> PageFact {
    let name = Self.name
    guard acknowledged != nil else { return .unknown(name, "no worker's answer lists it yet") }
    guard let again else { return Self.never }
    let moment = context.moments.full(again, now: context.now)
    let when = (deliveredAt == nil ? "at the latest " : "") + moment
    if endsBefore {
      return PageFact(name, "\(when), but its hard limit ends it before")
    }
    let timeout = "the visibility timeout of \(visibility.text)"
    return again < context.now
      ? PageFact(name, "\(when): \(timeout) is over, it may run a second time", .critical)
      : PageFact(name, "\(when), unless it has ended by then: \(timeout)", .text)
  }

  /// The same in a few words.
  func words(_ context: ViewContext) -> String {
    guard acknowledged != nil else { return "acknowledged ?" }
    guard let again else { return "acknowledged" }
    return "handed out again \(context.moments.near(again, now: context.now))"
  }
}
