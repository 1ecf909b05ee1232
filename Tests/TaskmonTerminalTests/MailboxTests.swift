import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits
import Testing

@Suite("Mailbox")
struct MailboxTests {
  static func data(_ notice: String) -> ConsoleData {
    ConsoleData(
      history: SnapshotHistory(),
      report: HealthReport(takenAt: Timestamp(secondsSince1970: 0), observed: .zero),
      broker: BrokerIdentity(url: "redis://localhost:6379/0"), notices: [notice])
  }

  @Test("Only the newest data is kept, and it is taken once")
  func keepsTheNewest() throws {
    let box = try ConsoleMailbox()
    #expect(box.take() == ConsoleMailbox.Mail(data: nil, isStopped: false))
    box.post(Self.data("old"))
    box.post(Self.data("new"))
    #expect(box.take() == ConsoleMailbox.Mail(data: Self.data("new"), isStopped: false))
    #expect(box.take() == ConsoleMailbox.Mail(data: nil, isStopped: false))
  }

  @Test("The newest answer is handed over once")
  func answers() throws {
    let box = try ConsoleMailbox()
    let id = WorkerID(name: "celery@w1", pid: 1)
    let moment = Timestamp(secondsSince1970: 0)
    for reason in ["old", "new"] {
      box.post(
        answer: .answered(WorkerHoldings(worker: id, askedAt: moment, silent: reason)))
    }
    let newest = WorkerHoldings(worker: id, askedAt: moment, silent: "new")
    #expect(
      box.take()
        == ConsoleMailbox.Mail(data: nil, answer: .answered(newest), isStopped: false))
    #expect(box.take() == ConsoleMailbox.Mail(data: nil, isStopped: false))
  }

  @Test("What became of an effect is told once, beside the data")
  func tells() throws {
    let box = try ConsoleMailbox()
    box.tell(ConsoleMessage("first"))
    box.tell(ConsoleMessage("second", isRefusal: true))
    box.post(Self.data("new"))
    #expect(
      box.take()
        == ConsoleMailbox.Mail(
          data: Self.data("new"), message: ConsoleMessage("second", isRefusal: true),
          isStopped: false))
    #expect(box.take() == ConsoleMailbox.Mail(data: nil, isStopped: false))
  }

  @Test("A stop is remembered and loses no data")
  func stops() throws {
    let box = try ConsoleMailbox()
    box.post(Self.data("last"))
    box.stop()
    #expect(box.take() == ConsoleMailbox.Mail(data: Self.data("last"), isStopped: true))
    #expect(box.take() == ConsoleMailbox.Mail(data: nil, isStopped: true))
  }

  @Test("The box can be heard while something lies in it, however often it was rung")
  func rings() throws {
    let box = try ConsoleMailbox()
    #expect(!box.isRinging)
    // More than a pipe holds: the one who posts must never wait.
    for _ in 0..<100_000 { box.post(Self.data("again")) }
    #expect(box.isRinging)
    _ = box.take()
    #expect(!box.isRinging)
    box.post(Self.data("more"))
    #expect(box.isRinging)
  }

  @Test(
    "The wait ends with the second",
    arguments: [(1_000_000.0, 1000), (1_000_000.25, 750), (1_000_000.9999, 1), (.nan, 1000)])
  func waits(now: Double, milliseconds: Int32) {
    let wait = TerminalSession.waitMilliseconds(Timestamp(secondsSince1970: now))
    #expect(wait == milliseconds)
  }
}
