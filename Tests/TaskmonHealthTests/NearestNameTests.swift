import TaskmonHealth
import Testing

@Suite struct ThresholdOverridesTests {
  @Test func aMisspeltRuleIsAnsweredWithTheNearestName() {
    #expect(RuleCatalogue.unknownRule("broker-unreachabel").contains("\"broker-unreachable\"?"))
  }
}
