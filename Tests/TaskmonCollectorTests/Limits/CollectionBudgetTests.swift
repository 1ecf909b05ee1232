import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A limit of the budget, and how much of what is given it lets through.
struct Limit: Sendable, CustomTestStringConvertible {
  let field: String
  /// What the limit is set to; as much is let through whole, and one more is not.
  let value: Int
  /// Whether nothing is left out, with a budget of `limit`, of as much as is `given`.
  let takes: @Sendable (_ limit: Int, _ given: Int) async throws -> Bool

  var testDescription: String { field }

  init(
    _ field: String, _ value: Int = 4,
    takes: @escaping @Sendable (_ limit: Int, _ given: Int) async throws -> Bool
  ) {
    self.field = field
    self.value = value
    self.takes = takes
  }

  func check() async throws {
    let atTheLimit = try await takes(value, value)
    #expect(atTheLimit, "\(field): at the limit")
    let oneOver = try await takes(value, value + 1)
    #expect(!oneOver, "\(field): one over")
  }
}

extension CollectionBudget {
  static func with(_ change: (inout CollectionBudget) -> Void) -> CollectionBudget {
    var budget = CollectionBudget()
    change(&budget)
    return budget
  }
}

@Suite struct CollectionBudgetTests {
  /// Limits that are no number of things, and where what they do is proved.
  private static let elsewhere = [
    "scanShare": "ScanPaceTests", "bindingMembers": "ForeignBindingTests",
    "bindings": "BindingCollectorTests", "originResults": "ResultScannerTests",
    "tailDepth": "FastPollTests", "rememberedTags": "QueueAgesTests",
    "replyWait": "InspectorTests", "actionReplyWait": "FleetOperatorTests",
    "assumedReply": "InspectorTests",
    "revokedReply": "WorkerDeskTests", "shownHoldings": "WorkerDeskTests",
    "standstill": "InspectionBookTests", "scanStep": "LargeServerTests",
    "searchMessages": "TaskSearchTests", "searchBytes": "TaskSearchTests",
    "searchStep": "TaskSearchTests", "searchScanTime": "TaskSearchTests",
    "searchShare": "TaskSearchTests", "searchReplyWait": "TaskSearchTests",
    "eventNames": "LedgerStatisticsTests", "eventNodes": "LedgerStatisticsTests",
    "taskSeries": "LedgerStatisticsTests", "taskNames": "LedgerStatisticsTests",
    "recentFailures": "LedgerStatisticsTests", "recentDuplicates": "LedgerStatisticsTests",
    "logFiles": "WorkerLogReaderTests", "logFileBytes": "WorkerLogReaderTests",
    "logBytes": "WorkerLogReaderTests", "logLine": "WorkerLogReaderTests",
    "logEnd": "WorkerLogReaderTests", "logTail": "WorkerLogReaderTests",
    "logBacklog": "WorkerLogReaderTests",
    "recentFailuresPerTask": "RecentRunsTests", "recentRetries": "RecentRunsTests",
    "recentRetriesPerTask": "RecentRunsTests", "recentRuns": "RecentRunsTests",
    "recentRunsPerTask": "RecentRunsTests", "oddIDs": "LedgerStatisticsTests",
    "usualRuns": "LedgerTasksTests",
    "fanoutPayloads": "LedgerFanoutsTests",
  ]
  /// Pauses between two passes: nothing is at or over them.
  private static let pauses: Set = [
    "resultPause", "discoveryPause", "shortestPause", "censusPause", "logPause", "logSearchPause",
  ]

  @Test func `every limit there is has its test`() {
    let fields = Mirror(reflecting: CollectionBudget()).children.compactMap(\.label)
    let proved = (ReadLimitTests.limits + MemoryLimitTests.limits).map(\.field)
    #expect(Set(proved).count == proved.count)
    #expect(Set(fields) == Set(proved).union(Self.elsewhere.keys).union(Self.pauses))
  }

  @Test(arguments: [(0.01, 10.0), (1, 20), (5, 30)])
  func `a pass that takes little is made again sooner`(_ pass: Double, _ pause: Double) {
    #expect(CollectionBudget().pause(Seconds(30), after: Seconds(pass)) == Seconds(pause))
    #expect(CollectionBudget().pause(Seconds(0.2), after: Seconds(pass)) == Seconds(0.2))
  }

  @Test func `what a scan or a message may cost is what it says`() {
    let budget = CollectionBudget()
    #expect(budget.scanStep == 500)
    #expect(budget.scanShare * 2 <= 0.05)
    #expect(budget.messageBytes <= .kibibytes(64))
    #expect(budget.notableResult <= .kibibytes(4))
    #expect(budget.resultEnd <= .kibibytes(4))
    #expect(budget.replyBytes == .mebibytes(16))
    #expect(budget.replyMemoryShare == 0.01)
    #expect(budget.staticBatch == 8)
    #expect(budget.staticFactsAge == .minutes(30))
    #expect(budget.assumedReply == .kibibytes(64))
    #expect(budget.unackedMessages == 200)
  }
}
