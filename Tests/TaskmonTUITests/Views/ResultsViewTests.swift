import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Results view")
struct ResultsViewTests {
  static func lines(
    _ results: Observation<ResultFacts>, chords: Observation<[ChordFacts]> = .unavailable("later")
  ) -> [String] {
    let data = SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.results = results
      snapshot.chords = chords
      return snapshot
    })
    return Console.showing(data, columns: 120, view: .results).lines
  }

  @Test("Results that were not read are not none")
  func unknown() {
    let lines = Self.lines(.unavailable("no permission to run SCAN"))
    #expect(
      lines.contains { $0.contains("? The results are not known: no permission to run SCAN") })
  }

  @Test("Before the first pass is done the counts are the least there are")
  func partial() {
    var facts = SampleData.results
    #expect(!Self.lines(.value(facts)).contains { $0.contains("first pass") })
    facts.completedPasses = 0
    #expect(Self.lines(.value(facts)).contains { $0.contains("first pass over the results") })
  }

  @Test("Chords are told even where results are not")
  func chords() {
    let lines = Self.lines(.unavailable("x"), chords: .value(SampleData.chords))
    #expect(lines.contains { $0.contains("reports.part") && $0.contains("3/5 done") })
  }

  @Test("A task's page lists those of the largest results that are its own")
  func taskPage() throws {
    let context = try #require(SampleData.context())
    func text(_ row: String) -> String {
      ResultsView.page(row, context)?.lines(width: 100).map(\.text).joined(separator: "\n") ?? ""
    }
    #expect(text("task reports.render").contains("7d1a4b52-93c0-4b7e-8f55-0c8a2f6f1e20"))
    #expect(!text("task reports.render").contains("custom:id/1"))
    #expect(text("task unknown task").contains("custom:id/1"))
    #expect(text("result custom:id/1").contains("never"))
    #expect(ResultsView.page("task gone", context) == nil)
  }

  @Test("A stored result whose facts nobody wrote down is all question marks, never zeros")
  func bare() throws {
    let context = try #require(SampleData.context())
    let row = ResultsView.table(context).rows.first { $0.id == "result custom:id/1" }
    #expect(row?.cells.map(\.text) == ["?", "custom:id/1", "-", "88.9K", "-", "?", "never"])
  }

  @Test("Failures are told by class, the most frequent first, with a page of their own")
  func failures() throws {
    let context = try #require(SampleData.context())
    let rows = ResultsView.table(context).rows.filter { $0.id.hasPrefix("failure") }
    #expect(
      rows.map { $0.cells.map(\.text) } == [
        ["any task", "failed: TimeoutError", "180", "-", "-", "FAILURE", "-"],
        ["any task", "failed: KeyError", "30", "-", "-", "FAILURE", "-"],
      ])
    let page = ResultsView.page("failure KeyError", context)?.lines(width: 100).map(\.text) ?? []
    #expect(page.contains { $0.contains("stored failures") && $0.contains("30") })
    #expect(page.contains { $0.contains("14% of 210") })
    #expect(page.contains { $0.contains("<1% of 48,211") })
    #expect(ResultsView.page("failure Gone", context) == nil)
  }

  @Test("Saved results of groups are counted where there are any")
  func groups() {
    var facts = SampleData.results
    #expect(Self.lines(.value(facts)).contains { $0.contains(", 4 groups, 12 never expire") })
    facts.groups = 0
    #expect(!Self.lines(.value(facts)).contains { $0.contains("group") })
  }
}
