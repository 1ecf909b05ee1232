import CeleryProtocol
import Testing

@testable import TaskmonCollector

@Suite struct TroubleMetersTests {
  private static let minute = Meter.ticksPerMinute

  private static func count(
    _ meters: inout TroubleMeters, _ names: ClosedRange<NameTable.Index>, at tick: Int64
  ) {
    for name in names { meters.count(.laterAttempt, of: name, at: tick) }
  }

  @Test func `where it is full of what happened lately, what is new is dropped and counted`() {
    var meters = TroubleMeters(limit: 3)
    Self.count(&meters, 1...5, at: 60)
    #expect(meters.dropped == 2)
    Self.count(&meters, 1...3, at: 61)
    #expect(meters.dropped == 2 && meters.recent(at: 61).map(\.count) == [2, 2, 2])
  }

  /// Each sweep looks at the whole table.
  @Test func `room is made once a minute, of what is over`() {
    var meters = TroubleMeters(limit: 3)
    Self.count(&meters, 1...2, at: 0)
    Self.count(&meters, 3...3, at: 5 * Self.minute)
    let late = 11 * Self.minute
    Self.count(&meters, 4...6, at: late)
    #expect(meters.dropped == 1 && Set(meters.recent(at: late).map(\.key.name)) == [3, 4, 5])
    Self.count(&meters, 6...6, at: 16 * Self.minute)
    #expect(meters.dropped == 1, "the third is over by now")
  }

  /// Looking through the table for each of them would take minutes.
  @Test(.timeLimit(.minutes(1)))
  func `a flood of what there is no room for costs a look-up each`() {
    var meters = TroubleMeters(limit: 2000)
    for _ in 1...20 { Self.count(&meters, 1...3000, at: 60) }
    #expect(meters.dropped == 20 * 1000)
  }

  @Test func `the ledger says so`() {
    var budget = CollectionBudget()
    budget.taskSeries = 1
    var ledger = EventLedger(budget: budget)
    ledger.troubles.count(.laterAttempt, of: 1, at: 0)
    ledger.troubles.count(.laterAttempt, of: 2, at: 0)
    #expect(ledger.dropped == 1)
  }
}
