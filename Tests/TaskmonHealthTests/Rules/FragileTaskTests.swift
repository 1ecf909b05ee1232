import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct FragileTaskTests {
  private static func task(
    late: Bool? = false, rejects: Bool? = false, retries: Bool? = false, hard: Double? = nil
  ) -> RegisteredTask {
    RegisteredTask(
      name: "shop.pay", hardLimit: hard.map { Seconds($0) }, acksLate: late,
      rejectsOnWorkerLost: rejects, retriesByItself: retries)
  }

  private static func judge(
    _ task: RegisteredTask, runs: Int = 7, poolLimit: Double? = nil
  ) throws -> Verdict {
    try verdict(
      FragileTask.self,
      history(
        of: snapshot(
          workers: .value([
            worker(registered: [task], totals: ["shop.pay": runs], hardLimit: poolLimit)
          ]))))
  }

  @Test func aTaskWithoutAnyProtectionIsAnInfo() throws {
    let said = try Self.judge(Self.task())
    #expect(told(said) == ["info shop.pay"])
    #expect(said.first?.evidence("runs") == .number(7))
  }

  @Test(arguments: [
    task(late: true), task(rejects: true), task(retries: true), task(hard: 60),
  ])
  func anyProtectionIsADecision(_ task: RegisteredTask) throws {
    #expect(try Self.judge(task) == .healthy)
  }

  @Test func aLimitOfThePoolProtects() throws {
    #expect(try Self.judge(Self.task(), poolLimit: 60) == .healthy)
  }

  @Test func aTaskThatNobodyUsesIsHealthy() throws {
    #expect(try Self.judge(Self.task(), runs: 0) == .healthy)
  }

  @Test func optionsThatWereNotToldAreUnknown() throws {
    #expect(
      try Self.judge(Self.task(late: nil, rejects: nil, retries: nil)).reason
        == "celery@w1 does not tell task options")
    #expect(
      try verdict(FragileTask.self, history(of: snapshot(workers: .value([worker()])))).reason
        == "the tasks of celery@w1: not asked yet")
  }
}
