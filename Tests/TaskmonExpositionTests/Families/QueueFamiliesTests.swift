import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Queue metrics")
struct QueueFamiliesTests {
  @Test("sum the priority lists of a queue, and tell them apart")
  func lengths() {
    #expect(
      Shop.lines("celery_queue_length", in: Shop.full).first
        == #"celery_queue_length{queue_name="celery"} 180"#)
    #expect(
      Shop.lines("celery_queue_priority_length", in: Shop.full).prefix(4) == [
        #"celery_queue_priority_length{queue_name="celery",priority="0"} 0"#,
        #"celery_queue_priority_length{queue_name="celery",priority="3"} 30"#,
        #"celery_queue_priority_length{queue_name="celery",priority="6"} 60"#,
        #"celery_queue_priority_length{queue_name="celery",priority="9"} 90"#,
      ])
  }

  @Test("say nothing of a queue's unacknowledged messages where they were not counted")
  func unackedPerQueue() {
    #expect(
      Shop.lines("celery_queue_unacked", in: Shop.full) == [
        #"celery_queue_unacked{queue_name="celery"} 12"#
      ])
  }

  @Test("say how long the next message has waited, and nothing where none is due or it is unknown")
  func oldest() {
    var snapshot = Shop.snapshot()
    let ages: [Observation<QueueAge>?] = [
      .value(QueueAge(age: Seconds(90), basis: .sent)),
      .value(QueueAge(age: Seconds(7), basis: .unmoved)), nil, .unavailable("not read"),
    ]
    snapshot.queues = .value(
      ages.enumerated().map { number, age in
        QueueFacts(name: "q\(number)", priorities: [], oldest: age)
      })
    #expect(
      Shop.lines("celery_queue_oldest_message_age_seconds", in: Shop.input(snapshot)) == [
        #"celery_queue_oldest_message_age_seconds{queue_name="q0"} 90"#,
        #"celery_queue_oldest_message_age_seconds{queue_name="q1"} 7"#,
      ])
  }

  @Test("say zero messages where none is held, and no age then")
  func noneHeld() {
    var snapshot = Shop.snapshot()
    snapshot.unacked = .value(UnackedFacts(count: 0))
    let input = Shop.input(snapshot)
    #expect(Shop.lines("celery_unacked_messages", in: input) == ["celery_unacked_messages 0"])
    #expect(Shop.lines("celery_unacked_oldest_age_seconds", in: input) == [])
  }

  @Test(
    "count down to redelivery by the smallest visibility timeout any worker has told",
    arguments: [
      ([], []), ([nil], ["celery_unacked_redelivery_in_seconds 3500"]),
      ([nil, 60], ["celery_unacked_redelivery_in_seconds -40"]),
    ] as [([Double?], [String])])
  func redelivery(timeouts: [Double?], lines: [String]) {
    var snapshot = Shop.snapshot()
    snapshot.unacked = .value(UnackedFacts(count: 1, oldestDelivery: Shop.now - Seconds(100)))
    snapshot.workers = .value(
      timeouts.enumerated().map { number, timeout in
        var worker = Shop.worker("celery@w\(number)")
        worker.settings = .value(WorkerSettings(visibilityTimeout: timeout.map { Seconds($0) }))
        return worker
      })
    #expect(Shop.lines("celery_unacked_redelivery_in_seconds", in: Shop.input(snapshot)) == lines)
  }

  /// Eleven minutes of a queue that holds `ready`, before a worker that has done `processed` of
  /// everything by the end; nil: its number is not known.
  private static func waiting(
    _ ready: (Int) -> Int, processed: Int?, queues: [String] = ["celery"]
  ) -> ExpositionInput {
    var history = SnapshotHistory()
    for second in stride(from: 0, through: 660, by: 20) {
      let now = Shop.now - Seconds(Double(660 - second))
      var snapshot = Shop.snapshot(at: now)
      var worker = Shop.worker("celery@a", at: now)
      worker.queues = .value(queues)
      worker.processed = processed.map { $0 * second / 660 }
      snapshot.workers = .value([worker])
      snapshot.inspection.lastRound = now
      snapshot.queues = .value([
        QueueFacts(name: "celery", priorities: [PriorityLength(step: 0, ready: ready(second))])
      ])
      history.absorb(snapshot)
    }
    return ExpositionInput(
      history: history, report: nil,
      options: ExpositionOptions(broker: Shop.broker, build: Shop.build))
  }

  private static func drain(_ input: ExpositionInput) -> [String] {
    Shop.lines("celery_queue_drain_seconds", in: input)
      .map { String($0.dropFirst(#"celery_queue_drain_seconds{queue_name="celery"} "#.count)) }
  }

  @Test("say how long what waits needs at the workers' pace, and nothing where no pace was seen")
  func drain() {
    // One a second, but samples of both need not be of the same moments.
    let steady = Self.drain(Self.waiting({ _ in 300 }, processed: 660)).compactMap(Double.init)
    #expect(steady.count == 1)
    #expect(steady.allSatisfy { (285...300).contains($0) })
    #expect(Self.drain(Self.waiting({ _ in 300 }, processed: 0)) == ["+Inf"])
    #expect(Self.drain(Self.waiting({ $0 < 600 ? 0 : 300 }, processed: 0)) == [])
    #expect(Self.drain(Self.waiting({ _ in 300 }, processed: nil)) == [])
    #expect(Self.drain(Self.waiting({ _ in 0 }, processed: nil)) == ["0"])
    #expect(Self.drain(Self.waiting({ _ in 300 }, processed: 660, queues: [])) == ["+Inf"])
  }

  @Test("the time to drain is the one that the backlog's finding tells")
  func drainOfFinding() throws {
    let input = Self.waiting({ 4000 + $0 }, processed: 660)
    var evaluator = Evaluator()
    let finding = try #require(
      evaluator.evaluate(input.history).findings.first { $0.rule == "queue-backlog" })
    let told = finding.evidence.first { $0.key == "drainSeconds" }
    let drain = try #require(Self.drain(input).first.flatMap(Double.init))
    #expect((4427...4660).contains(drain))
    #expect(told?.value == .number(drain))
  }

  @Test("are absent while queues are not known")
  func unknown() {
    #expect(!Shop.text(Shop.input(Shop.snapshot())).contains("celery_"))
  }
}
