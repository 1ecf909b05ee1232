import TaskmonHealth
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Wrapping")
struct TextWrapTests {
  @Test(
    "Lines break at spaces, words only where they must",
    arguments: [
      ("short", 10, ["short"]), ("one two three", 7, ["one two", "three"]),
      ("three  four", 9, ["three", "four"]), ("abcdefghijklmno", 10, ["abcdefghij", "klmno"]),
      ("日本語日本語", 9, ["日本語日", "本語"]), ("", 5, [""]),
    ])
  func wraps(text: String, width: Int, lines: [String]) {
    let wrapped = TextWrap.wrap(StyledLine(text), width: width)
    #expect(wrapped.map { String($0.text.reversed().drop { $0 == " " }.reversed()) } == lines)
  }

  @Test("Further lines are indented, and no line is wider than allowed")
  func indents() {
    let line = StyledLine([Span("key  ", .label), Span("a value that goes on for a while")])
    let wrapped = TextWrap.wrap(line, width: 16, indent: 5)
    #expect(wrapped.allSatisfy { $0.width <= 16 })
    #expect(wrapped.dropFirst().allSatisfy { $0.text.hasPrefix("     ") })
    let words = wrapped.map(\.text).joined(separator: " ").split(separator: " ")
    #expect(words.joined(separator: " ") == "key a value that goes on for a while")
  }
}

@Suite("Pages")
struct PageTests {
  @Test("Paragraphs are joined and wrapped, code keeps its lines and loses nothing")
  func prose() {
    let command = "    celery -A shop inspect active -d celery@a-host-with-a-long-name"
    let page = Page("t", [.prose("one\ntwo\n\n\(command)")])
    #expect(page.lines(width: 80).map(\.text) == ["  one two", "", command])
    let narrow = page.lines(width: 40)
    #expect(narrow.allSatisfy { $0.width <= 40 })
    let words = narrow.dropFirst(2).flatMap { $0.text.split(separator: " ") }
    #expect(words == command.split(separator: " "))
  }

  @Test("The names of a page stand in one column")
  func oneColumn() {
    let page = Page("t", [.facts([PageFact("a", "1")]), .facts([PageFact("longer", "2")])])
    #expect(page.lines(width: 40).map(\.text) == ["  a       1", "  longer  2"])
  }
}

@Suite("Evidence")
struct EvidenceTextTests {
  @Test(
    "Units come from the key's ending",
    arguments: [
      ("runningSeconds", EvidenceValue.number(850.2), "running", "14m 10s"),
      ("largestBytes", .number(3_565_158), "largest", "3.4 MiB"),
      ("waiting", .number(12_345), "waiting", "12,345"), ("pid", .number(12_345), "pid", "12345"),
      ("ratio", .number(0.123456), "ratio", "0.12"), ("taskID", .text("x"), "task ID", "x"),
      ("isKnown", .flag(false), "is known", "no"), ("queues", .list([]), "queues", "none"),
      ("queues", .list(["a", "b"]), "queues", "a, b"),
      ("hardLimitSeconds", .unknown, "hard limit", "?"),
      ("oddBytes", .number(1e300), "odd", "1e+300"), ("odd", .number(.nan), "odd", "?"),
      ("Seconds", .number(3), "seconds", "3s"),
    ])
  func facts(key: String, value: EvidenceValue, name: String, text: String) {
    let fact = EvidenceText.facts([EvidenceItem(key, value)], MomentFormat()).first
    #expect(fact?.name == name)
    #expect(fact?.value == text)
  }

  @Test("What would be called the same keeps its unit")
  func shared() {
    let items = [
      EvidenceItem("largeResults", .number(5)), EvidenceItem("largeResultsBytes", .number(2048)),
    ]
    let facts = EvidenceText.facts(items, MomentFormat())
    #expect(facts.map(\.name) == ["large results", "large results bytes"])
    #expect(facts.map(\.value) == ["5", "2.0 KiB"])
  }
}

@Suite("Moments")
struct MomentFormatTests {
  @Test("Near moments are clock times, far ones distances")
  func near() {
    let now = SampleData.now
    let moments = MomentFormat(utcOffset: .hours(1))
    #expect(moments.clock(now) == "15:03:22")
    #expect(MomentFormat(utcOffset: .hours(1), style: .utc).clock(now) == "14:03:22Z")
    #expect(moments.near(now - .days(3), now: now) == "3d ago")
    #expect(moments.near(now + .days(3), now: now) == "in 3d")
    #expect(moments.full(now - Seconds(5), now: now) == "15:03:17 (5s ago)")
    #expect(moments.full(now + Seconds(5), now: now) == "15:03:27 (in 5s)")
    #expect(moments.full(now - .days(3), now: now) == "2025-12-30T14:03:22Z (3d ago)")
    let relative = MomentFormat(style: .relative)
    #expect(relative.near(now - Seconds(28), now: now) == "28s ago")
    #expect(relative.near(now, now: now) == "0s ago")
    #expect(relative.full(now + .minutes(5), now: now) == "in 5m")
  }

  @Test(
    "A moment nobody can mean does not stumble", arguments: [Double.nan, .infinity, 1e300, -1e300])
  func impossible(_ value: Double) {
    let moment = Timestamp(secondsSince1970: value)
    #expect(MomentFormat().clock(moment) == "?")
    #expect(MomentFormat().full(moment, now: SampleData.now).contains("?"))
  }
}
