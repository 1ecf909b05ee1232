/// Every rule, in the order the console, `explain` and the runbook list them.
package enum RuleRegistry {
  package static let all: [any Rule.Type] = [
    BrokerUnreachable.self,
    NoCeleryHere.self,
    LostWorker.self,
    QueueWithoutConsumers.self,
    VisibilityTimeoutTooShort.self,
    StuckTask.self,
    MultipleBeats.self,
    BeatDown.self,
    BeatLate.self,
    BeatWithoutLock.self,
    WorkerWithoutTasks.self,
    UnregisteredTask.self,
    SplitRegistry.self,
    NoTimeLimit.self,
    EagerExecution.self,
    BindingMissing.self,
    OversizedResult.self,
    OversizedMessage.self,
    QueueExplosion.self,
    BrokerFlushed.self,
    BrokerEvicts.self,
    BrokerNotPersistent.self,
    BrokerMemoryHigh.self,
    ResultsWithoutExpiry.self,
    QueueBacklog.self,
    QueueStale.self,
    StuckChord.self,
    LeakedReplyQueues.self,
    ConnectionsNearLimit.self,
    IdleFleet.self,
    FragileTask.self,
  ]

  package static func rule(_ id: RuleID) -> (any Rule.Type)? { all.first { $0.id == id } }
}
