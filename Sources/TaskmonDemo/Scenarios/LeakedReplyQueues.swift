import TaskmonUnits

extension Scenario {
  /// A script asks the workers every minute, and leaves before their answers come.
  static let leakedReplyQueues = Scenario(
    name: "leaked-reply-queues",
    summary: "130 reply lists of a script that does not wait for its answers: see the Broker view",
    acts: [
      Act { fleet, now in fleet.leaveReplies(lists: 130, at: now) }
    ])
}
