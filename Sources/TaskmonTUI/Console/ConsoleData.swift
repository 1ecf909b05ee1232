package import TaskmonHealth
package import TaskmonModel
package import TaskmonUnits

/// What the console is given to show, again with every poll.
///
/// A value without a clock: every age is counted from the snapshot's `takenAt` or a later tick.
package struct ConsoleData: Sendable, Equatable {
  package var history: SnapshotHistory
  package var report: HealthReport
  /// Which broker this is; needed before the first snapshot.
  package var broker: BrokerIdentity
  /// Local time minus UTC, for the clock and other moments.
  package var utcOffset: Seconds
  /// Things to keep in sight (`--read-only`, no TLS verification); one short clause each.
  package var notices: [String]

  package init(
    history: SnapshotHistory, report: HealthReport, broker: BrokerIdentity,
    utcOffset: Seconds = .zero, notices: [String] = []
  ) {
    self.history = history
    self.report = report
    self.broker = broker
    self.utcOffset = utcOffset
    self.notices = notices
  }

  package var snapshot: Snapshot? { history.latest }
}

/// How the console starts.
package struct ConsoleOptions: Sendable, Equatable {
  package var view: ViewID
  /// Seconds between two polls, as it stands when the console opens.
  package var refresh: Seconds
  /// False for a replayed snapshot: its ages must not grow while somebody reads.
  package var followsClock: Bool
  /// Keys may act on tasks, workers and queues.
  package var allowsControl: Bool

  package init(
    view: ViewID = .health, refresh: Seconds = Seconds(1), followsClock: Bool = true,
    allowsControl: Bool = false
  ) {
    self.view = view
    self.refresh = refresh
    self.followsClock = followsClock
    self.allowsControl = allowsControl
  }
}

/// A view by name; its number is the digit that opens it, for good.
package enum ViewID: Int, Sendable, Hashable, CaseIterable {
  case health = 1
  case queues = 2
  case workers = 3
  case tasks = 4
  case running = 5
  case beat = 6
  case results = 7
  case audit = 8
  case broker = 9

  /// As `--view` takes it and, capitalised, as the tab shows it.
  package var name: String {
    switch self {
    case .health: "health"
    case .queues: "queues"
    case .workers: "workers"
    case .tasks: "tasks"
    case .running: "running"
    case .beat: "beat"
    case .results: "results"
    case .audit: "audit"
    case .broker: "broker"
    }
  }

  package init?(name: String) {
    guard let view = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = view
  }

  package var title: String { name.prefix(1).uppercased() + name.dropFirst() }
}
