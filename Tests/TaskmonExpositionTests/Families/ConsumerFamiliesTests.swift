import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Consumer metrics")
struct ConsumerFamiliesTests {
  static func input(_ consumers: [[String]?], slots: [Int?] = []) -> ExpositionInput {
    var snapshot = Shop.snapshot()
    snapshot.queues = .value(["busy", "lonely"].map { QueueFacts(name: $0, priorities: []) })
    snapshot.workers = .value(
      consumers.enumerated().map { number, queues in
        var worker = Shop.worker("celery@w\(number)", pid: number)
        if let queues { worker.queues = .value(queues) }
        if number < slots.count {
          worker.stats = .value(
            WorkerStats(repliedAt: Shop.now, pool: .threads, slots: slots[number]))
        }
        return worker
      })
    return Shop.input(snapshot)
  }

  @Test("count workers and consumers per queue, and say zero when every worker has told")
  func counts() {
    let input = Self.input([["busy"], ["busy", "unread"]])
    #expect(
      Shop.lines("celery_active_worker_count", in: input) == [
        #"celery_active_worker_count{queue_name="busy"} 2"#,
        #"celery_active_worker_count{queue_name="lonely"} 0"#,
        #"celery_active_worker_count{queue_name="unread"} 1"#,
      ])
    #expect(Shop.lines("celery_active_consumer_count", in: input).count == 3)
  }

  @Test("say no zero while a living worker has not told its queues")
  func notTold() {
    #expect(
      Shop.lines("celery_active_consumer_count", in: Self.input([["busy"], nil])) == [
        #"celery_active_consumer_count{queue_name="busy"} 1"#
      ])
  }

  @Test("add up slots of every pool, unless one is unknown")
  func slots() {
    let name = "celery_active_process_count"
    let lonely = #"celery_active_process_count{queue_name="lonely"} 0"#
    #expect(
      Shop.lines(name, in: Self.input([["busy"], ["busy"]], slots: [4, 1])) == [
        #"celery_active_process_count{queue_name="busy"} 5"#, lonely,
      ])
    #expect(Shop.lines(name, in: Self.input([["busy"], ["busy"]], slots: [4])) == [lonely])
  }

  @Test("do not count a lost worker")
  func lost() {
    #expect(
      Shop.lines("celery_active_worker_count", in: Shop.full) == [
        #"celery_active_worker_count{queue_name="celery"} 2"#,
        #"celery_active_worker_count{queue_name="sp ace \"quoted\" back\\slash\nnew"#
          + #" line ümläut 🚀"} 0"#,
      ])
  }
}
