import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Where a task is")
struct TracePageTests {
  static let now = SampleData.now

  static func page(_ change: (inout TaskTrace) -> Void) -> TracePage {
    var trace = TaskTrace(
      id: "x", lookedAt: now, waiting: .value([]), held: .value([]),
      workers: .value(AskedWorkers(receivers: 2, answered: ["celery@w1", "celery@w2"])),
      result: .value(nil))
    change(&trace)
    return TracePage(trace, moments: MomentFormat(style: .utc))
  }

  static func result(_ state: String?) -> TaskResult {
    TaskResult(state: state, size: ByteCount(90), timeToLive: Seconds(60), isWhole: true)
  }

  static func held(eta: Double? = nil) -> UnackedMessage {
    UnackedMessage(
      queue: "mail", deliveredAt: SampleData.ago(100),
      message: .value(
        MessageFacts(taskID: "x", task: "a.b", deliveryTag: "t", eta: eta.map { now + Seconds($0) })
      ),
      size: ByteCount(900))
  }

  static func waiting(_ ahead: Int) -> WaitingMessage {
    WaitingMessage(
      queue: "mail", step: 0, ahead: ahead,
      message: MessageFacts(taskID: "x", task: "a.b", deliveryTag: "t"))
  }

  @Test("The furthest it has come is said first")
  func furthest() {
    let run = WorkerRun(worker: "celery@w1", stage: .active, startedAt: SampleData.ago(12))
    func sentence(_ change: (inout TaskTrace) -> Void) -> String { Self.page(change).sentence }
    let runs = AskedWorkers(receivers: 1, answered: ["celery@w1"], runs: [run])
    #expect(
      sentence {
        $0.workers = .value(runs)
        $0.held = .value([Self.held()])
        $0.result = .value(Self.result("STARTED"))
      } == "task x is running on celery@w1 for 12s")
    #expect(
      sentence { $0.waiting = .value([Self.waiting(0)]) }
        == "task x waits in queue mail, it is next")
    #expect(
      sentence { $0.waiting = .value([Self.waiting(1_234)]) }
        == "task x waits in queue mail, 1,234 messages are taken before it")
    #expect(
      sentence { $0.held = .value([Self.held(eta: 50)]) }
        == "task x is held by a worker until its eta in 50s")
    #expect(
      sentence {
        $0.held = .value([Self.held()])
        $0.result = .value(Self.result("SUCCESS"))
      } == "task x has succeeded")
    #expect(
      sentence {
        var failed = Self.result("FAILURE")
        failed.exceptionClass = "ValueError"
        failed.doneAt = SampleData.ago(3)
        $0.result = .value(failed)
      } == "task x has failed 3s ago with ValueError")
    #expect(
      sentence { $0.result = .value(Self.result("PROGRESS")) }
        == "task x is PROGRESS as its stored state says")
    #expect(
      sentence { $0.result = .value(Self.result(nil)) }
        == "task x has a result whose state could not be read")
  }

  @Test("That nothing is known says what was not looked at")
  func unknown() {
    #expect(
      Self.page { _ in }.sentence
        == "nothing is known of task x: it waits in no queue, no worker holds it, nothing is "
        + "stored of it")
    let partly = Self.page { trace in
      trace.queueSearch.omissions = ["only the newest 5 were looked at"]
      trace.workers = .value(AskedWorkers(receivers: 3, answered: ["celery@w1"]))
      trace.result = .unavailable("no permission")
    }.sentence
    #expect(
      partly == "nothing is known of task x: it was met in no queue, no worker holds it "
        + "unacknowledged; only the newest 5 were looked at; 2 of 3 workers did not answer; its "
        + "result is not known: no permission")
  }

  @Test("What could not be looked at is not said to be without it")
  func unread() {
    let blind = Self.page { trace in
      trace.waiting = .unavailable("no right to LRANGE")
      trace.held = .unavailable("no right to HGET")
    }.sentence
    #expect(
      blind == "nothing is known of task x: no worker that answers knows it, nothing is stored of "
        + "it; the queues are not known: no right to LRANGE; what is unacknowledged is not known: "
        + "no right to HGET")
    let away = Self.page { trace in
      trace.waiting = .unavailable("away")
      trace.held = .unavailable("away")
      trace.workers = .unavailable("away")
      trace.result = .unavailable("away")
    }.sentence
    #expect(away.hasPrefix("nothing is known of task x; the queues are not known: away; "))
    let cut = Self.page { trace in
      trace.heldSearch.omissions = ["2 were not read"]
      trace.workers = .unavailable("away")
    }.sentence
    #expect(
      cut == "nothing is known of task x: it waits in no queue, it was met among no "
        + "unacknowledged messages, nothing is stored of it; 2 were not read; no worker was asked: "
        + "away")
  }

  @Test("A message that Redis hands out again before its eta is said to run twice")
  func comesTwice() {
    func text(eta: Double) -> String {
      Self.page { trace in
        trace.held = .value([Self.held(eta: eta)])
        trace.visibilityTimeout = Seconds(3_600)
        trace.visibilityTimeoutSource = .worker
      }.text
    }
    #expect(text(eta: 3_400).contains("15:01:42Z (in 58m 20s), unless acknowledged"))
    #expect(text(eta: 3_600).contains("(in 58m 20s), before its eta: it will run more than once"))
    #expect(text(eta: 10).contains("1h, as a worker is configured"))
  }

  @Test("Nothing from Redis steers the terminal, and a traceback stays in its lines")
  func safe() {
    let text = Self.page { trace in
      var failed = Self.result("FAILURE")
      failed.exceptionText = "no \u{1B}[2J"
      failed.traceback = "Traceback\n  File \"\(String(repeating: "a", count: 300))\"\n\u{9B}31m"
      trace.result = .value(failed)
    }.text
    #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x9B })
    #expect(text.contains("no \\x1b[2J"))
    #expect(text.contains("\n      File \"\(String(repeating: "a", count: 300))\"\n"))
    #expect(text.hasSuffix("\n") && !text.contains(" \n"))
  }
}
