import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct OversizedMessageTests {
  private static let none = UnackedFacts(count: 0, isWhole: true)

  private static func message(
    _ size: Int, _ tag: String = "tag-1", id: String? = "id-1"
  ) -> Observation<MessageFacts> {
    .value(
      MessageFacts(taskID: id, task: "video.cut", deliveryTag: tag, size: ByteCount(size)))
  }

  private static func waiting(
    head: Observation<MessageFacts>?, newest: Observation<MessageFacts>? = nil,
    largest: Observation<LargestMessage>? = nil, ready: Int = 3
  ) -> QueueFacts {
    QueueFacts(
      name: "video", priorities: [PriorityLength(step: 0, ready: ready)], head: head,
      newest: newest ?? head, largest: largest)
  }

  private static func held(_ size: Int, queue: String = "video") -> UnackedMessage {
    UnackedMessage(
      queue: queue, deliveredAt: ago(3), message: message(size, "held", id: "id-9"),
      size: ByteCount(size))
  }

  private static func judge(
    _ queue: QueueFacts, unacked: Observation<UnackedFacts> = .value(none), set: [String] = []
  ) throws -> Verdict {
    try verdict(
      OversizedMessage.self, history(of: snapshot(queues: .value([queue]), unacked: unacked)),
      set: set)
  }

  @Test(arguments: [
    (65_535, []), (65_536, ["warning video"]), (1_048_575, ["warning video"]),
    (1_048_576, ["critical video"]),
  ])
  func sizesAreJudgedAtTheirLimitsWhereverTheMessageIs(_ size: Int, _ wanted: [String]) throws {
    let small = Self.message(500)
    // What Redis has allocated for it, at the most.
    let allocated = ByteCount(size / 4 * 5)
    let places = [
      try Self.judge(Self.waiting(head: Self.message(size))),
      try Self.judge(Self.waiting(head: small, newest: Self.message(size, "tag-2", id: "id-2"))),
      try Self.judge(
        Self.waiting(
          head: small,
          largest: .value(LargestMessage(size: allocated, isEstimate: true)))),
      try Self.judge(
        Self.waiting(head: small),
        unacked: .value(UnackedFacts(count: 1, sample: [Self.held(size)], isWhole: true))),
    ]
    for said in places {
      #expect(told(said) == wanted)
      #expect((said == .healthy) == wanted.isEmpty)
    }
  }

  @Test func theFindingsCountAMessageOnceAndAddWhatIsHeld() throws {
    let largest = LargestMessage(
      size: ByteCount(200_000), isEstimate: false, task: "video.cut", taskID: "id-1")
    let finding = try Self.judge(
      Self.waiting(head: Self.message(200_000), largest: .value(largest)),
      unacked: .value(UnackedFacts(count: 1, sample: [Self.held(100_000)]))
    ).first
    #expect(finding?.message == "195 KiB in one message; 2 large messages seen, 293 KiB in all")
    #expect(finding?.evidence("taskID") == .text("id-1"))
    #expect(finding?.evidence("where") == .text("waiting"))
    #expect(finding?.evidence("largeMessagesBytes") == .number(300_000))
  }

  @Test func anAverageSpeaksForTheWholeListAndIsMarked() throws {
    let average = LargestMessage(size: .mebibytes(2), isEstimate: true)
    let finding = try Self.judge(
      Self.waiting(
        head: .unavailable("too large to read"), largest: .value(average), ready: 100)
    ).first
    #expect(finding?.message == "an average of about 2.0 MiB in 100 messages")
    #expect(finding?.evidence("isEstimate") == .flag(true))
    #expect(finding?.evidence("task") == .unknown)
    #expect(finding?.evidence("largeMessages") == nil)
  }

  /// Redis 7.0 and 8.2 say so much of each message of a list of twenty of 57,400 bytes.
  @Test func whatTheAllocatorAddsIsNotTheMessages() throws {
    let average = LargestMessage(size: ByteCount(65_580), isEstimate: true)
    #expect(
      try Self.judge(
        Self.waiting(head: Self.message(650), largest: .value(average), ready: 20)) == .healthy)
  }

  @Test func aHeldMessageOfAQueueThatIsEmptyIsNamedByItsQueue() throws {
    let said = try Self.judge(
      Self.waiting(head: nil, ready: 0),
      unacked: .value(UnackedFacts(count: 1, sample: [Self.held(70_000, queue: "cuts")])))
    #expect(told(said) == ["warning cuts"])
    #expect(said.first?.evidence("where") == .text("unacknowledged"))
  }

  @Test func aLongQueueOfSmallMessagesIsHealthy() throws {
    let average = LargestMessage(size: ByteCount(700), isEstimate: true)
    #expect(
      try Self.judge(
        Self.waiting(head: Self.message(650), largest: .value(average), ready: 20_000)) == .healthy)
  }

  @Test func whatCouldNotBeMeasuredIsUnknown() throws {
    let said = try Self.judge(
      Self.waiting(
        head: .unavailable("too large to read"), largest: .unavailable("MEMORY USAGE: NOPERM")))
    #expect(said == .unknown("the size of messages in video: MEMORY USAGE: NOPERM"))
    #expect(
      try Self.judge(Self.waiting(head: nil, ready: 0), unacked: .unavailable("timeout"))
        == .unknown("unacknowledged messages: timeout"))
  }

  @Test func oneQueueMayCarryMore() throws {
    let set = ["oversized-message[video].warning=1MiB", "oversized-message.critical=2MiB"]
    #expect(try Self.judge(Self.waiting(head: Self.message(900_000)), set: set) == .healthy)
  }
}
