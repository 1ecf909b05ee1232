import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct QueueExplosionTests {
  private static func judge(_ names: [String], set: [String] = []) throws -> Verdict {
    let queues = names.map { queue($0, ready: 0, head: nil) }
    return try verdict(
      QueueExplosion.self, history(of: snapshot(queues: .value(queues))), set: set)
  }

  @Test(arguments: [(200, []), (201, ["warning broker"])])
  func theNumberIsJudgedAtItsLimit(_ count: Int, _ wanted: [String]) throws {
    let said = try Self.judge((0..<count).map { "q\($0)" })
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingsNameTheBeginningThatMostShare() throws {
    let names =
      (0..<300).map { "user.\($0)" } + (0..<20).map { "job-\($0)" } + ["celery", "mail", "-", ""]
    let finding = try Self.judge(names).first
    #expect(finding?.message == "324 task queues, 300 of them \"user.…\"")
    #expect(finding?.evidence("commonPrefix") == .text("user."))
    #expect(finding?.evidence("emptyQueues") == .number(324))
  }

  @Test func namesWithoutACommonBeginningNameNone() throws {
    let finding = try Self.judge((0..<250).map { "q\($0)" }).first
    #expect(finding?.message == "250 task queues")
    #expect(finding?.evidence("commonPrefix") == .text("none"))
  }

  @Test func aLargeHouseMaySetItsOwnLimit() throws {
    let names = (0..<300).map { "q\($0)" }
    #expect(try Self.judge(names, set: ["queue-explosion.queues=300"]) == .healthy)
  }

  @Test func queuesThatCannotBeReadAreUnknown() throws {
    let said = try verdict(
      QueueExplosion.self, history(of: snapshot(queues: .unavailable("SCAN: NOPERM"))))
    #expect(said == .unknown("SCAN: NOPERM"))
  }
}
