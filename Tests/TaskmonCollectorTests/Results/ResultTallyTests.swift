import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ResultTallyTests {
  private static func result(
    _ id: String, _ size: Int, task: String? = "a.b", state: String? = "SUCCESS",
    expires: Bool = true
  ) -> StoredResult {
    StoredResult(
      taskID: id, task: task, size: ByteCount(size), state: state,
      timeToLive: expires ? Seconds(60) : nil)
  }

  private static func facts(
    _ results: [StoredResult], _ change: (inout CollectionBudget) -> Void = { _ in }
  ) -> ResultFacts {
    var budget = CollectionBudget()
    change(&budget)
    var tally = ResultTally(budget: budget)
    for result in results { tally.add(result) }
    return tally.facts(completedPasses: 1, at: at(1))
  }

  @Test func `a pass adds up count, size, states and what never expires`() {
    let facts = Self.facts([
      Self.result("1", 100), Self.result("2", 50, state: "FAILURE", expires: false),
      Self.result("3", 7, task: nil, state: nil),
    ])
    #expect(facts.count == 3)
    #expect(facts.totalSize == ByteCount(157))
    #expect(facts.withoutExpiry == 1)
    #expect(facts.states == ["SUCCESS": 1, "FAILURE": 1, "?": 1])
    #expect(facts.largest.map(\.taskID) == ["1", "2", "3"])
    #expect(facts.tasks.map(\.task) == ["a.b", "unknown task"])
    #expect(facts.tasks.first?.largestID == "1")
  }

  @Test func `sizes fall into classes by powers of two`() {
    let facts = Self.facts([1, 2, 3, 4, 1023, 1024].map { Self.result("\($0)", $0) })
    #expect(
      facts.tasks.first?.classes.map { [Int($0.floor.value), $0.count, Int($0.totalSize.value)] }
        == [[1, 1, 1], [2, 2, 5], [4, 1, 4], [512, 1, 1023], [1024, 1, 1024]])
  }

  @Test func `only the largest are kept, in order, each once`() {
    let sizes = [5, 1, 9, 3, 9, 7, 2, 8]
    let results = sizes.enumerated().map { Self.result("\($0.offset)", $0.element) }
    let facts = Self.facts(results + [Self.result("2", 9)]) { $0.largestResults = 4 }
    #expect(facts.largest.map(\.taskID) == ["2", "4", "7", "5"])
  }

  @Test func `task names beyond the limit are one`() {
    let results = (1...5).map { Self.result("\($0)", $0, task: "t\($0)") }
    let facts = Self.facts(results) { $0.resultTasks = 2 }
    #expect(Set(facts.tasks.map(\.task)) == ["t1", "t2", "unknown task"])
    #expect(facts.tasks.map(\.count).reduce(0, +) == 5)
  }

  @Test func `states beyond the limit are one`() {
    let facts = Self.facts((1...200).map { Self.result("\($0)", 1, state: "S\($0)") })
    #expect(facts.states.count == 101)
    #expect(facts.states["?"] == 100)
  }

  @Test func `failures are counted by class, and those beyond the limit as others`() {
    var budget = CollectionBudget()
    budget.failureClasses = 2
    var tally = ResultTally(budget: budget)
    for (id, failure) in ["A", "B", "A", "C", "D", "?"].enumerated() {
      tally.add(Self.result("\(id)", 9, state: "FAILURE"), failure: failure)
    }
    tally.add(Self.result("9", 9))
    tally.addGroups(2)
    let facts = tally.facts(completedPasses: 1, at: at(1))
    #expect(facts.failures == ["A": 2, "B": 1, "other": 3])
    #expect(facts.groups == 2)
    #expect(facts.count == 7)
  }
}
