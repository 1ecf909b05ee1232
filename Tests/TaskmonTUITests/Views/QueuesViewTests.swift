import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Queues view")
struct QueuesViewTests {
  /// The consumers told for `celery` when worker 1 is as given.
  static func consumers(_ change: (inout WorkerFacts) -> Void) -> Observation<[WorkerID]>? {
    let data = SampleData.data(snapshot: { moment in
      var workers = SampleData.workers(at: moment)
      change(&workers[0])
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.workers = .value(workers)
      return snapshot
    })
    return SampleData.context(data).map { QueueConsumers.of("celery", $0) }
  }

  @Test("Consumers are the workers that are up and take from the queue")
  func counted() {
    let names = Self.consumers { _ in }?.value?.map(\.name)
    #expect(names == ["celery@w1", "celery@w2"])
    #expect(
      Self.consumers { $0.offlineSince = SampleData.now }?.value?.map(\.name) == ["celery@w2"])
  }

  @Test("They are unknown while one that is up has never told its queues")
  func unknown() {
    let consumers = Self.consumers { $0.queues = .unavailable("not asked yet") }
    #expect(consumers == .unavailable("celery@w1 has not told its queues"))
    let offline = Self.consumers {
      $0.queues = .unavailable("not asked yet")
      $0.offlineSince = SampleData.now
    }
    #expect(offline?.value?.count == 1)
  }

  @Test("Estimates are marked, and said to be estimates, only where there are any")
  func estimates() {
    func lines(_ isEstimate: Bool) -> [String] {
      let data = SampleData.data(snapshot: { moment in
        var snapshot = SampleData.snapshot(at: moment)
        snapshot.queues = snapshot.queues.map { queues in
          queues.map { queue in
            var queue = queue
            queue.unackedIsEstimate = isEstimate
            return queue
          }
        }
        return snapshot
      })
      return Console.showing(data, columns: 120, view: .queues).lines
    }
    #expect(lines(true).contains { $0.contains("~ UNACKED is estimated from 1 of 128 ") })
    #expect(lines(true).contains { $0.contains(" ~96 ") })
    #expect(!lines(false).contains { $0.contains("~") })
  }

  @Test(
    "A trend needs ten seconds and is told per second or per minute",
    arguments: [
      ([(0.0, 100)], nil), ([(5, 100), (0, 200)], nil), ([(60, 100), (0, 6100)], 100.0),
      ([(600, 0), (60, 700), (0, 100)], -10), ([(30, 5), (0, 5)], 0),
    ] as [([(Double, Int)], Double?)])
  func trends(samples: [(Double, Int)], expected: Double?) {
    let track = samples.map { ReadySample(at: SampleData.ago($0.0), ready: $0.1) }
    #expect(QueueTrend.perSecond(track) == expected)
  }

  @Test(
    "A trend in words",
    arguments: [
      (52.4, "▲52/s"), (-1234, "▼1,234/s"), (0.05, "▲3/m"), (0, ""), (0.001, ""),
      (.infinity, "▲0/s"),
    ])
  func trendText(perSecond: Double, text: String) {
    #expect(QueueTrend.text(perSecond) == text)
  }

  @Test("Bars rise with the length and are blank where nothing was seen")
  func bars() {
    #expect(QueueTrend.spark([nil, 0, 1, 50, 100]) == " ▁▂▅█")
    #expect(QueueTrend.spark([0, 0]) == "▁▁")
    #expect(QueueTrend.spark([]) == "")
  }
}
