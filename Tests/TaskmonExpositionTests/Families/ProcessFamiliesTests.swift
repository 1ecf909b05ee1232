import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Process metrics")
struct ProcessFamiliesTests {
  @Test("leave out what the system does not tell")
  func partial() {
    let input = Shop.input(process: ProcessFacts(cpu: Seconds(1.5), openFiles: 3))
    #expect(
      Shop.text(input).split(separator: "\n").filter { $0.hasPrefix("process_") } == [
        "process_cpu_seconds_total 1.5", "process_open_fds 3",
      ])
  }
}
