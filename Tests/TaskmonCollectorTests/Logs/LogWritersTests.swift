import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite("Whose log it is")
struct LogWritersTests {
  private static let now = Timestamp(secondsSince1970: 1_767_355_200)

  private static func named(
    _ path: String = "/var/log/x.log", ready: Set<String> = [], ids: [String] = [],
    ran: [String: String] = [:], workers: [String] = []
  ) -> WorkerLogFile {
    let counted = CountedTime(from: now, to: now, heard: .zero)
    let file = WorkerLogReader.File(
      facts: WorkerLogFile(path: path, window: LogWindow(counted: counted)), readyNodes: ready,
      recentIDs: ids)
    let writers = LogWriters(
      workerOfTask: { ran[$0].map { WorkerID(name: $0) } },
      workers: workers.map { WorkerFacts(id: WorkerID(name: $0), firstHeard: now) }, tracks: [:])
    return writers.named(file)
  }

  @Test("tasks that events tell of name the worker before all else")
  func byTasks() {
    let ran = ["1": "a@h", "2": "a@h", "3": "a@h", "4": "b@h"]
    #expect(Self.named(ready: ["z@h"], ids: ["1", "2", "9"], ran: ran).node == "a@h")
    #expect(Self.named(ids: ["1", "2", "3", "4"], ran: ran).node == "a@h")
    let shared = Self.named("/var/log/a.log", ids: ["1", "4"], ran: ran, workers: ["a@h"])
    #expect(shared.node == nil && shared.isShared)
  }

  @Test("then its own word at the start, where it is the only one")
  func byStart() {
    #expect(Self.named(ready: ["z@h"], ids: ["9"]).node == "z@h")
    #expect(Self.named(ready: ["z@h", "y@h"]).node == nil)
  }

  @Test(
    "then the file's name, where it can mean one worker only",
    arguments: [
      ("/log/w1.log", ["w1@a", "w2@a"], "w1@a"), ("/log/w1@a.log", ["w1@a", "w1@b"], "w1@a"),
      ("/log/w1-3.log", ["w1@a"], "w1@a"), ("/log/w1-3.log", ["w1-3@a", "w1@a"], "w1-3@a"),
      ("/log/w1.log", ["w1@a", "w1@b"], nil), ("/log/celery.log", ["w1@a"], nil),
      ("/log/7.log", ["w1@a"], nil), ("/log/-7.log", ["w1@a"], nil), ("/log/w1", ["w1@a"], "w1@a"),
    ] as [(String, [String], String?)])
  func byName(_ path: String, _ workers: [String], _ wanted: String?) {
    #expect(Self.named(path, workers: workers).node == wanted)
  }
}
