import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct QueueAgesTests {
  private static func message(_ tag: String, eta: Timestamp? = nil) -> MessageFacts {
    MessageFacts(taskID: tag, deliveryTag: tag, eta: eta)
  }

  /// A queue from its next message to its newest.
  private static func queue(_ tags: String..., eta: Timestamp? = nil) -> QueueFacts {
    QueueFacts(
      name: "q", priorities: [PriorityLength(step: 0, ready: tags.count)],
      head: tags.first.map { .value(message($0, eta: eta)) },
      newest: tags.last.map { .value(message($0)) }, tailTags: Array(tags.prefix(1)))
  }

  private static func look(_ ages: inout QueueAges, _ queue: QueueFacts, _ seconds: Double) {
    ages.look(at: [queue], looked: ["q"], now: at(seconds))
  }

  private static func age(
    _ ages: QueueAges, _ queue: QueueFacts, _ seconds: Double, sentAt: Timestamp? = nil,
    track: QueueTrack? = nil
  ) -> Observation<QueueAge>? {
    ages.age(of: queue, sentAt: sentAt, track: track, now: at(seconds))
  }

  @Test func `an empty queue has no age`() {
    #expect(Self.age(QueueAges(limit: 8), Self.queue(), 9) == nil)
  }

  @Test func `task-sent tells it exactly`() {
    let found = Self.age(QueueAges(limit: 8), Self.queue("a"), 100, sentAt: at(40))
    #expect(found == .value(QueueAge(age: Seconds(60), basis: .sent)))
  }

  @Test func `a publisher's clock that is ahead makes no negative age`() {
    let found = Self.age(QueueAges(limit: 8), Self.queue("a"), 100, sentAt: at(140))
    #expect(found == .value(QueueAge(age: .zero, basis: .sent)))
  }

  @Test func `a message waits from its eta on, whenever it was sent`() {
    let ages = QueueAges(limit: 8)
    let past = Self.queue("a", eta: at(90))
    #expect(
      Self.age(ages, past, 100, sentAt: at(1)) == .value(QueueAge(age: Seconds(10), basis: .eta)))
    #expect(Self.age(ages, Self.queue("a", eta: at(101)), 100, sentAt: at(1)) == nil)
  }

  @Test func `a remembered newest message tells its age when it has become the next`() {
    var ages = QueueAges(limit: 8)
    Self.look(&ages, Self.queue("a"), 0)
    Self.look(&ages, Self.queue("a", "b"), 10)
    Self.look(&ages, Self.queue("a", "b", "c"), 20)
    let moved = Self.queue("b", "c")
    Self.look(&ages, moved, 70)
    #expect(
      Self.age(ages, moved, 70) == .value(QueueAge(age: Seconds(60), basis: .remembered)))
  }

  @Test func `a message that was there at the first look may be older than that`() {
    var ages = QueueAges(limit: 8)
    let queue = Self.queue("a")
    Self.look(&ages, queue, 0)
    #expect(Self.age(ages, queue, 0)?.reason?.contains("nothing tells") == true)
    Self.look(&ages, queue, 30)
    #expect(Self.age(ages, queue, 30) == .value(QueueAge(age: Seconds(30), basis: .unmoved)))
  }

  @Test func `into a queue seen empty a message came since`() {
    var ages = QueueAges(limit: 8)
    Self.look(&ages, Self.queue(), 0)
    let queue = Self.queue("a")
    Self.look(&ages, queue, 1)
    #expect(Self.age(ages, queue, 61) == .value(QueueAge(age: Seconds(60), basis: .remembered)))
  }

  @Test func `after a long time without a look nothing is known of when it came`() {
    var ages = QueueAges(limit: 8)
    Self.look(&ages, Self.queue(), 0)
    let queue = Self.queue("a")
    Self.look(&ages, queue, 3600)
    #expect(Self.age(ages, queue, 3601) == .value(QueueAge(age: Seconds(1), basis: .unmoved)))
  }

  @Test func `a head that stands gives a lower bound, and so does one pushed back by a restore`() {
    let ages = QueueAges(limit: 8)
    let track = QueueTrack(headTag: "a", headSince: at(10))
    #expect(
      Self.age(ages, Self.queue("a"), 40, track: track)
        == .value(QueueAge(age: Seconds(30), basis: .unmoved)))
    var restored = Self.queue("x", "a")
    restored.tailTags = ["x", "a"]
    #expect(
      Self.age(ages, restored, 40, track: track)
        == .value(QueueAge(age: Seconds(30), basis: .unmoved)))
    #expect(Self.age(ages, Self.queue("other"), 40, track: track)?.value == nil)
    // A bound of nothing is no bound.
    #expect(Self.age(ages, Self.queue("a"), 10, track: track)?.value == nil)
  }

  @Test func `a head that could not be read has no age, and says why`() {
    var queue = Self.queue("a")
    queue.head = .unavailable("too large")
    #expect(Self.age(QueueAges(limit: 8), queue, 1) == .unavailable("too large"))
  }

  @Test func `what is remembered stays bounded and reaches far back`() {
    var ages = QueueAges(limit: 8)
    Self.look(&ages, Self.queue(), 0)
    for second in 1...1000 { Self.look(&ages, Self.queue("m1", "m\(second)"), Double(second)) }
    let remembered = (1...1000).filter { tag in
      Self.age(ages, Self.queue("m\(tag)"), 2000)?.value?.basis == .remembered
    }
    #expect(remembered.count <= 8)
    #expect(remembered.count >= 4)
    #expect(remembered.last ?? 0 > 990)
    #expect(remembered.first ?? 1000 < 300)
  }

  @Test func `queues that are gone are forgotten, and a lost server's marks with it`() {
    var ages = QueueAges(limit: 8)
    let queue = Self.queue("a")
    for forgets in [true, false] {
      Self.look(&ages, Self.queue(), 0)
      Self.look(&ages, queue, 1)
      #expect(Self.age(ages, queue, 5)?.value?.basis == .remembered)
      if forgets { ages.forget() } else { ages.look(at: [], looked: [], now: at(2)) }
      #expect(Self.age(ages, queue, 5)?.value == nil)
    }
  }
}
