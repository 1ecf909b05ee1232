import CeleryProtocol
import TaskmonUnits
import Testing

struct ResultEndsTests {
  /// How a collector cuts a value.
  private func ends(_ bytes: [UInt8], first: Int, last: Int) -> ResultEnds {
    ResultEnds(
      first: Array(bytes.prefix(first)), last: Array(bytes.suffix(last)), size: bytes.count)
  }

  @Test("states and exceptions of every captured result", arguments: [(4096, 512), (256, 512)])
  func countsStates(_ first: Int, _ last: Int) throws {
    var states: [String: Int] = [:]
    var classes: [String: Int] = [:]
    for row in try Fixture.rows("result_metas.jsonl", as: Fixture.Result.self) {
      let found = ends(row.bytes, first: first, last: last)
      states[found.state ?? "?", default: 0] += 1
      if let type = found.exceptionType {
        classes["\(found.state ?? "?") \(type)", default: 0] += 1
      }
      guard found.state != nil else { continue }
      #expect(found.dateDone != nil, "\(row.key)")
      #expect(found.taskID.map { "celery-task-meta-\($0)" } == row.key)
    }
    #expect(states == ["SUCCESS": 146, "FAILURE": 38, "REVOKED": 4, "?": 1])
    #expect(
      classes == [
        "FAILURE KeyError": 2, "FAILURE ValueError": 12, "FAILURE RuntimeError": 3,
        "FAILURE EncodeError": 3, "FAILURE WorkerLostError": 1, "FAILURE ConnectionError": 6,
        "FAILURE TimeLimitExceeded": 1, "REVOKED TaskRevokedError": 4, "FAILURE MyErr": 4,
        "FAILURE URLError": 3, "FAILURE NotRegistered": 1, "FAILURE SoftTimeLimitExceeded": 1,
        "FAILURE Reject": 1,
      ])
  }

  @Test("extended results carry their task's name")
  func readsExtendedResults() throws {
    var found: [String: Int] = [:]
    let file = "events_global_keyprefix_result_extended.jsonl"
    for row in try Fixture.rows(file, as: Fixture.Published.self)
    where row.channel.contains("task-meta") {
      let result = ends(row.payload, first: 128, last: 384)
      found["\(result.state ?? "?") \(result.task ?? "?")", default: 0] += 1
    }
    #expect(
      found == [
        "STARTED labapp.add": 3, "SUCCESS labapp.add": 3, "STARTED labapp.sleepy_late": 3,
        "SUCCESS labapp.sleepy_late": 3, "STARTED labapp.retryme": 2, "RETRY labapp.retryme": 1,
        "SUCCESS labapp.retryme": 1, "STARTED labapp.tracked": 1, "SUCCESS labapp.tracked": 1,
        "STARTED labapp.fail": 1, "FAILURE labapp.fail": 1, "STARTED labapp.group_sum": 1,
        "SUCCESS labapp.group_sum": 1,
      ])
  }

  /// A result whose own members bear the names of the meta's.
  private static let decoy =
    #"{"status": "REAL", "result": {"status": "FAKE", "name": "fake", "exc_type": "Fake", "#
    + #""s": "\"}, \"task_id\": \"fake\"}", "n": {"date_done": "2001-01-01T00:00:00", "#
    + #""task_id": "fake"}, "pad": ""#

  private static let end =
    #""}, "traceback": null, "children": [], "date_done": "2026-11-22T08:20:50+00:00", "#
    + #""name": "real.task", "args": ["name\": \"fake", "\"name\": 1}"], "kwargs": {}, "#
    + #""worker": "g1@vm", "retries": 0, "queue": "celery", "task_id": "real-id"}"#

  @Test("members of the result value never pass for the meta's, wherever the cuts fall")
  func ignoresDecoys() {
    let text = Self.decoy + String(repeating: "x\\\"\\\\", count: 40) + Self.end
    let bytes = Array(text.utf8)
    for last in 0...bytes.count {
      let found = ends(bytes, first: 60, last: last)
      #expect(found.state == "REAL")
      #expect(found.task == nil || found.task == "real.task")
      #expect(found.taskID == nil || found.taskID == "real-id")
      #expect(found.dateDone == nil || found.dateDone == Timestamp(secondsSince1970: 1795335650))
    }
    #expect(ends(bytes, first: 60, last: 300).task == "real.task")
    for first in 0...bytes.count {
      let found = ends(bytes, first: first, last: 0)
      #expect(found.state == nil || found.state == "REAL")
      #expect(found.task == nil || found.task == "real.task")
    }
  }

  @Test("a task that no worker knew is named, and other arguments are read where they are texts")
  func readsArguments() throws {
    let rows = try Fixture.rows("result_metas.jsonl", as: Fixture.Result.self)
    let found = rows.map { ends($0.bytes, first: 1024, last: 1024) }
    let unknown = found.filter { $0.exceptionType == "NotRegistered" }
    #expect(unknown.map(\.exceptionArgument) == ["nosuch.task"])
    #expect(unknown.first?.dateDone != nil)
    let limits = found.filter { $0.exceptionType == "TimeLimitExceeded" }
    #expect(limits.map(\.exceptionArgument) == [nil])
  }

  @Test("a success is no failure, whatever it returned")
  func ignoresReturnedExceptions() {
    let text = #"{"status": "SUCCESS", "result": {"exc_type": "ValueError"}, "task_id": "x"}"#
    let found = ends(Array(text.utf8), first: 4096, last: 512)
    #expect(found.exceptionType == nil)
    #expect(found.taskID == "x")
  }

  @Test("a result of 5 MB is known by its ends")
  func readsHugeResults() {
    let text =
      #"{"status": "SUCCESS", "result": ""# + String(repeating: "x", count: 5_000_000)
      + #"", "traceback": null, "children": [], "date_done": "2026-11-22T08:13:02.253595", "#
      + #""task_id": "big"}"#
    let found = ends(Array(text.utf8), first: 512, last: 512)
    #expect(found.state == "SUCCESS")
    #expect(found.taskID == "big")
    #expect(found.dateDone == Timestamp(secondsSince1970: 1795335182.253595))
    #expect(found.task == nil)
  }

  @Test(
    "what is no JSON object has no state",
    arguments: [[0x80, 0x04, 0x95], Array("done".utf8), [], Array("[1]".utf8), Array("{".utf8)])
  func refusesOthers(_ bytes: [UInt8]) {
    #expect(ends(bytes, first: 512, last: 512).state == nil)
  }
}
