import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BrokerUnreachableTests {
  @Test(arguments: LinkFailure.Kind.allCases)
  func everyKindOfFailureIsCriticalWithItsSentenceAndARemedy(_ kind: LinkFailure.Kind) throws {
    let failure = LinkFailure(
      kind: kind, sentence: "connection refused at localhost:6379", since: ago(42), attempts: 3)
    let said = try verdict(BrokerUnreachable.self, history(of: snapshot(link: .down(failure))))
    #expect(told(said) == ["critical broker"])
    #expect(said.first?.message == "connection refused at localhost:6379")
    #expect(said.first?.since == ago(42))
    #expect(said.first?.evidence("downSeconds") == .number(42))
    #expect(said.first?.remedy.isEmpty == false)
  }

  @Test func aBrokerThatAnswersIsHealthy() throws {
    #expect(try verdict(BrokerUnreachable.self, history(of: snapshot())) == .healthy)
  }

  @Test func theFirstConnectionIsNoFailure() throws {
    let said = try verdict(BrokerUnreachable.self, history(of: snapshot(link: .connecting)))
    #expect(said == .unknown("the first connection is still being made"))
  }
}
