import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Running task metrics")
struct TaskFamiliesTests {
  @Test("count running tasks by name, and how long the longest has been running")
  func running() {
    #expect(
      Shop.lines("celery_task_running", in: Shop.full) == [
        #"celery_task_running{name="shop.pay"} 2"#, #"celery_task_running{name="unknown task"} 1"#,
      ])
    let longest = Shop.lines("celery_task_longest_running_seconds", in: Shop.full)
    #expect(longest.count == 2)
    #expect(
      longest.first?.hasPrefix(#"celery_task_longest_running_seconds{name="shop.pay"} 850."#)
        == true)
  }

  @Test("never run for less than nothing, though a worker's clock is ahead")
  func ahead() {
    var snapshot = Shop.snapshot()
    snapshot.running = .value([
      RunningTask(
        id: "1", task: "t", worker: WorkerID(name: "a@b"), startedAt: Shop.now + Seconds(5))
    ])
    #expect(
      Shop.lines("celery_task_longest_running_seconds", in: Shop.input(snapshot)) == [
        #"celery_task_longest_running_seconds{name="t"} 0"#
      ])
  }
}
