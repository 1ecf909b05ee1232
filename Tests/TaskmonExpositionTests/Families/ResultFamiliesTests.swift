import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Result metrics")
struct ResultFamiliesTests {
  @Test("put sizes into buckets that hold them exactly")
  func buckets() {
    let buckets = Shop.lines("celery_result_size_bytes_bucket", in: Shop.full)
    #expect(buckets.count == 11)
    #expect(buckets.first == #"celery_result_size_bytes_bucket{name="shop.report",le="255"} 2"#)
    #expect(buckets[1] == #"celery_result_size_bytes_bucket{name="shop.report",le="1023"} 3"#)
    #expect(buckets.last == #"celery_result_size_bytes_bucket{name="shop.report",le="+Inf"} 4"#)
    #expect(
      Shop.lines("celery_result_size_bytes_sum", in: Shop.full) == [
        #"celery_result_size_bytes_sum{name="shop.report"} 5000700"#
      ])
  }

  @Test("count stored failures by class, after a complete pass only", arguments: [0, 1])
  func failures(passes: Int) {
    var snapshot = Shop.snapshot()
    snapshot.results = .value(
      ResultFacts(
        completedPasses: passes, updatedAt: Shop.now, count: 3,
        failures: ["ValueError": 2, "KeyError": 1]))
    let lines = [
      #"celery_result_failures{exception="KeyError"} 1"#,
      #"celery_result_failures{exception="ValueError"} 2"#,
    ]
    #expect(
      Shop.lines("celery_result_failures", in: Shop.input(snapshot)) == (passes > 0 ? lines : []))
  }

  @Test("say the largest as found, and counts only after a complete pass")
  func partial() {
    var snapshot = Shop.snapshot()
    snapshot.results = .value(
      ResultFacts(
        completedPasses: 0, updatedAt: Shop.now, count: 1, states: ["SUCCESS": 1],
        tasks: [
          TaskResultSizes(
            task: "t", count: 1, totalSize: ByteCount(70_000), largest: ByteCount(70_000),
            largestID: "1")
        ]))
    let input = Shop.input(snapshot)
    #expect(
      Exposition(input).families.map(\.name).filter { $0.hasPrefix("celery_") } == [
        "celery_result_largest_bytes"
      ])
    #expect(
      Shop.lines("celery_result_largest_bytes", in: input) == [
        #"celery_result_largest_bytes{name="t"} 70000"#
      ])
  }

  @Test("count by state, and give the share that never expires where there are results at all")
  func states() {
    #expect(
      Shop.lines("celery_results", in: Shop.full) == [
        #"celery_results{state="FAILURE"} 1"#, #"celery_results{state="SUCCESS"} 3"#,
      ])
    #expect(
      Shop.lines("celery_results_without_expiry_ratio", in: Shop.full) == [
        "celery_results_without_expiry_ratio 0.25"
      ])
    var empty = Shop.snapshot()
    empty.results = .value(ResultFacts(completedPasses: 1, updatedAt: Shop.now))
    #expect(!Shop.text(Shop.input(empty)).contains("celery_results_without_expiry_ratio"))
  }
}
