import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BindingMissingTests {
  private static func judge(
    _ exchange: Observation<ExchangeBinding>?, headSeen seconds: Double = 60
  ) throws -> Verdict {
    var facts = queue("orders", ready: 3)
    facts.exchange = exchange
    return try verdict(
      BindingMissing.self,
      history(
        of: snapshot(at: ago(seconds), queues: .value([facts])),
        snapshot(queues: .value([facts]))))
  }

  private static func binding(_ isBound: Bool, read seconds: Double = 20)
    -> Observation<ExchangeBinding>
  {
    .value(
      ExchangeBinding(
        exchange: "topics", routingKey: "order.paid", isBound: isBound, readAt: ago(seconds)))
  }

  @Test func aBindingThatIsGoneIsTold() throws {
    let said = try Self.judge(Self.binding(false))
    #expect(told(said) == ["warning orders"])
    #expect(said.first?.evidence("exchange") == .text("topics"))
    #expect(said.first?.evidence("routingKey") == .text("order.paid"))
    #expect(said.first?.since == ago(20))
  }

  @Test func aBindingThatIsThereAndTheDefaultExchangeAreHealthy() throws {
    #expect(try Self.judge(Self.binding(true)) == .healthy)
    #expect(try Self.judge(nil) == .healthy)
  }

  @Test func aQueueThatIsYoungerThanTheScanIsNotJudged() throws {
    #expect(try Self.judge(Self.binding(false, read: 61)) == .healthy)
  }

  @Test func bindingsThatWereNotReadAreUnknown() throws {
    #expect(
      try Self.judge(.unavailable("binding sets were not read yet")).reason
        == "the bindings of orders: binding sets were not read yet")
    #expect(
      try verdict(
        BindingMissing.self, history(of: snapshot(queues: .unavailable("timeout")))
      ).reason
        == "timeout")
  }
}
