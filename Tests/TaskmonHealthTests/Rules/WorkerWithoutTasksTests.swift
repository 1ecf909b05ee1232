import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct WorkerWithoutTasksTests {
  private static let pay = RegisteredTask(name: "shop.pay")
  private static let builtIn = RegisteredTask(name: "celery.chord_unlock")

  private static func judge(_ workers: WorkerFacts...) throws -> Verdict {
    try verdict(WorkerWithoutTasks.self, history(of: snapshot(workers: .value(workers))))
  }

  @Test(arguments: [[], [builtIn]])
  func aWorkerThatKnowsNoTaskOfTheApplicationIsTold(_ tasks: [RegisteredTask]) throws {
    let said = try Self.judge(
      worker(registered: [Self.pay]), worker("celery@w2", queues: ["mail"], registered: tasks))
    #expect(told(said) == ["warning celery@w2"])
    #expect(
      said.first?.message == "it has registered no task but Celery's own; every message it takes"
        + " from mail is lost")
    #expect(said.first?.evidence("tasksOfOtherWorkers") == .number(1))
  }

  @Test func twoKindsOfWorkersOnDifferentQueuesAreHealthy() throws {
    let other = RegisteredTask(name: "mail.send")
    #expect(
      try Self.judge(
        worker(registered: [Self.pay]),
        worker("celery@w2", queues: ["mail"], registered: [Self.builtIn, other])) == .healthy)
  }

  @Test func aNodeThatTakesNoMessagesAndOneThatStoppedAreLeftAlone() throws {
    #expect(
      try Self.judge(
        worker(registered: [Self.pay]), worker("flower@w2", queues: [], registered: []),
        worker("celery@w3", heard: 20, offline: 20, registered: [])) == .healthy)
  }

  @Test func whileALivingWorkerHasNotToldItsTasksNothingIsKnown() throws {
    #expect(
      try Self.judge(worker(registered: [Self.pay]), worker("celery@w2")).reason
        == "the tasks of celery@w2: not asked yet")
    let mute = snapshot(
      workers: .value([]), inspection: InspectionFacts(suspended: "--read-only asks no worker"))
    #expect(
      try verdict(WorkerWithoutTasks.self, history(of: mute)).reason
        == "no worker was heard or asked (--read-only asks no worker)")
    #expect(
      try verdict(
        WorkerWithoutTasks.self, history(of: snapshot(workers: .unavailable("not heard")))
      ) == .unknown("not heard"))
  }

  @Test func whoHasNotToldItsQueuesMayHaveNone() throws {
    let said = try Self.judge(
      worker(registered: [Self.pay]), worker("celery@w2", queues: nil, registered: []))
    #expect(
      said.reason == "whether celery@w2, which has no task, consumes a queue: not asked yet")
  }

  @Test func anUnaskedWorkerDoesNotHideAnEmptyOne() throws {
    #expect(
      told(try Self.judge(worker(registered: []), worker("celery@w2"))) == ["warning celery@w1"])
  }
}
