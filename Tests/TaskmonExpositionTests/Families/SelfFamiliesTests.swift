import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Metrics of taskmon itself")
struct SelfFamiliesTests {
  @Test("say before the first snapshot that Redis is not up, and nothing that was not counted")
  func first() {
    #expect(
      Shop.text(Shop.input()).split(separator: "\n").filter { !$0.hasPrefix("#") } == [
        #"taskmon_up{broker="redis://localhost:6379/0"} 0"#,
        #"taskmon_build_info{version="0.1.0",revision="abc1234",swift="6.3"} 1"#,
      ])
  }

  @Test("give each collector its success and duration")
  func collectors() {
    #expect(
      Shop.lines("taskmon_collector_success", in: Shop.full) == [
        #"taskmon_collector_success{collector="queues"} 1"#,
        #"taskmon_collector_success{collector="results"} 0"#,
      ])
    #expect(
      Shop.lines("taskmon_collector_duration_seconds", in: Shop.full).first
        == #"taskmon_collector_duration_seconds{collector="queues"} 0.00125"#)
  }

  @Test("use the broker's given name where it has one")
  func brokerName() {
    var input = Shop.full
    input.options.broker.name = "main"
    #expect(Shop.lines("taskmon_up", in: input) == [#"taskmon_up{broker="main"} 1"#])
  }
}
