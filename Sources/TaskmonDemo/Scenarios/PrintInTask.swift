import TaskmonUnits

extension Scenario {
  /// A task prints, in a worker whose log names the logger of each line.
  static let printInTask = Scenario(
    name: "print-in-task",
    summary: "reports.print_labels prints into the worker's log instead of logging",
    keepsLogs: true,
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind("reports.print_labels", queue: "labels", runtime: 0.1...0.4))
      fleet.recruit(for: "labels", at: now) { $0.keepsLog = true }
    },
    acts: [
      Act(every: .seconds(2)) { fleet, now in fleet.publish("reports.print_labels", at: now) }
    ])
}
