import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("What became of an action")
struct ControlSentenceTests {
  private typealias Answer = ControlAnswers.Answer
  private static let revoke = ControlAction.revoke(
    id: "3f2a", terminates: false, workers: ["a", "b", "c"])

  private static func answers(
    _ agreed: [(String, String)], refused: [(String, String)] = [], silent: [String] = []
  ) -> ConsoleMessage {
    ConsoleMessage(
      .answered(
        ControlAnswers(
          agreed: agreed.map { Answer(worker: $0.0, text: $0.1) },
          refused: refused.map { Answer(worker: $0.0, text: $0.1) }, silent: silent)),
      of: revoke)
  }

  @Test("Workers that say the same are named together, and those that do not answer by name")
  func answered() {
    let flagged = "tasks {'3f2a'} flagged as revoked"
    #expect(
      Self.answers([("a", flagged), ("b", flagged)])
        == ConsoleMessage("a, b: \(flagged) · 2 of 2 workers answered"))
    #expect(
      Self.answers([("a", flagged)], silent: ["b", "c"])
        == ConsoleMessage(
          "a: \(flagged) · 1 of 3 workers answered, no answer from b, c", isRefusal: true))
    #expect(
      Self.answers([("a", "ok")], refused: [("b", "unknown task")])
        == ConsoleMessage(
          "a: ok · b refused: unknown task · 2 of 2 workers answered", isRefusal: true))
    #expect(
      Self.answers("abcde".map { (String($0), "ok") })
        == ConsoleMessage("a, b, c and 2 more: ok · 5 of 5 workers answered"))
    #expect(
      Self.answers([], silent: ["a"])
        == ConsoleMessage("0 of 1 worker answered, no answer from a", isRefusal: true))
  }

  @Test("That the others do not have a task is worth no word, that none has it is")
  func terminated() {
    let unknown = "terminate: tasks unknown"
    #expect(
      Self.answers([("a", unknown), ("b", "terminate: 3f2a")])
        == ConsoleMessage("b: terminate: 3f2a · 2 of 2 workers answered"))
    #expect(
      Self.answers([("a", unknown), ("b", unknown)])
        == ConsoleMessage("a, b: \(unknown) · 2 of 2 workers answered", isRefusal: true))
  }

  @Test("Purges tell how many messages, ends whether they were seen, and failures why")
  func others() {
    let purge = ControlAction.purge(queue: "mail")
    #expect(
      ConsoleMessage(.purged(queue: "mail", messages: 12_345), of: purge)
        == ConsoleMessage("12,345 messages removed from queue mail"))
    #expect(
      ConsoleMessage(.purged(queue: "mail", messages: 1), of: purge)
        == ConsoleMessage("1 message removed from queue mail"))
    #expect(
      ConsoleMessage(.purged(queue: "mail", messages: 0), of: purge)
        == ConsoleMessage("queue mail was empty: nothing was removed"))
    let end = ControlAction.shutDown([WorkerID(name: "w1", pid: 1), WorkerID(name: "w1", pid: 2)])
    #expect(
      ConsoleMessage(.toldToEnd(saidGoodbye: true), of: end)
        == ConsoleMessage("w1 was told to shut down and has said goodbye"))
    #expect(ConsoleMessage(.toldToEnd(saidGoodbye: false), of: end).isRefusal)
    #expect(
      ConsoleMessage(.notSent("Redis is loading"), of: end)
        == ConsoleMessage("nothing was done: Redis is loading", isRefusal: true))
    #expect(
      ConsoleMessage(.unclear("closed"), of: purge)
        == ConsoleMessage("it is not known what was done: closed", isRefusal: true))
  }

  @Test("A message that is longer than the window is told in full until the next key")
  func long() {
    var console = Console.showing(SampleData.data(), columns: 60, rows: 15)
    let flagged = "tasks {'5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11'} flagged as revoked"
    _ = console.handle(.told(Self.answers([("celery@w3", flagged)], silent: ["celery@w2"])))
    func tail() -> String {
      console.lines.suffix(4).flatMap { $0.split(separator: " ") }.joined(separator: " ")
    }
    #expect(tail().contains("celery@w3: tasks {'5c9b2f9e"))
    #expect(tail().contains("no answer from celery@w2"))
    _ = console.handle(.tick(SampleData.now))
    #expect(tail().contains("no answer from celery@w2"))
    _ = console.handle(.key(.down))
    #expect(!tail().contains("no answer"))
  }
}
