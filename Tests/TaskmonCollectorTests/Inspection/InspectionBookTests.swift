import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct InspectionBookTests {
  typealias Question = InspectionBook.Question

  private static let questions: [String: Question] = [
    "ping": .ping, "stats": .stats, "active": .active, "active_queues": .queues,
    "registered": .registered, "conf": .conf,
  ]

  private static func bookOfCaptures() throws -> InspectionBook {
    var book = InspectionBook()
    for reply in try Capture.replies() {
      guard let question = questions[reply.method],
        question != .conf || reply.arguments.isEmpty,
        question != .registered || !reply.arguments.isEmpty
      else { continue }
      book.asked(question, ticket: reply.ticket)
      #expect(book.take(reply.bytes, at: at(1)) != nil)
    }
    return book
  }

  @Test func `the captured answers of two workers are read`() throws {
    let book = try Self.bookOfCaptures()
    #expect(book.undecodable == 0)
    #expect(Set(book.workers.keys) == ["w1@vm", "w2@vm"])
    let first = try #require(book.workers["w1@vm"])
    let second = try #require(book.workers["w2@vm"])
    #expect(first.queues == .value(["celery"]))
    #expect(second.queues == .value(["celery", "high"]))
    #expect(first.stats.value?.pool == .prefork)
    #expect(first.stats.value?.slots == 2)
    #expect(first.stats.value?.totals["labapp.add"] == 54)
    #expect(first.active.value?.taskIDs.first == "f5ff6cb7-3e78-4457-b1a1-7b7bde07da94")
    #expect(first.settings.value?.resultBackend == "redis://127.0.0.1:7001/1")
    #expect(first.registered.value?.contains { $0.name == "labapp.decorated" } == true)
    #expect(first.firstReply == at(1))
    #expect(first.lastReply == at(1))
  }

  @Test func `limits are read as the worker spells them`() {
    var book = InspectionBook()
    book.learn(
      .registered, from: "w",
      #"["a [time_limit=60 soft_time_limit=30.5]", "b [time_limit=9]", "c"]"#,
      at: at(1))
    #expect(
      book.workers["w"]?.registered
        == .value([
          RegisteredTask(name: "a", hardLimit: Seconds(60), softLimit: Seconds(30.5)),
          RegisteredTask(name: "b", hardLimit: Seconds(9)), RegisteredTask(name: "c"),
        ]))
  }

  @Test func `options are read where the worker tells them`() {
    var book = InspectionBook()
    book.learn(
      .registered, from: "w",
      #"["a [acks_late=False ignore_result=False]", "#
        + #""b [acks_late=True reject_on_worker_lost=True time_limit=9 "#
        + #"autoretry_for=(<class 'OSError'>,) ignore_result=True]", "#
        + #""c [acks_late=False autoretry_for=() ignore_result=False]", "d"]"#,
      at: at(1))
    #expect(
      book.workers["w"]?.registered
        == .value([
          RegisteredTask(
            name: "a", acksLate: false, rejectsOnWorkerLost: false, retriesByItself: false,
            ignoresResult: false),
          RegisteredTask(
            name: "b", hardLimit: Seconds(9), acksLate: true, rejectsOnWorkerLost: true,
            retriesByItself: true, ignoresResult: true),
          RegisteredTask(
            name: "c", acksLate: false, rejectsOnWorkerLost: false, retriesByItself: false,
            ignoresResult: false),
          RegisteredTask(name: "d"),
        ]))
  }

  @Test func `the captured tasks have the options of their code`() throws {
    let reply = try #require(
      try Capture.replies().first {
        $0.method == "registered" && $0.arguments["taskinfoitems"] != nil
      })
    let items = try #require(reply.arguments["taskinfoitems"] as? [String])
    #expect(Set(Question.taskItems).isSubset(of: items))
    let answer = try ControlReply(decoding: reply.bytes).answer
    let tasks = try RegisteredReply(answer, items: items).tasks.map(RegisteredTask.init)
    let retried = try #require(tasks.first { $0.name == "labapp.auto_retry" })
    #expect(retried.retriesByItself == true)
    #expect(retried.acksLate == false)
    #expect(retried.rejectsOnWorkerLost == false)
    let plain = try #require(tasks.first { $0.name == "labapp.add" })
    #expect(plain.retriesByItself == false)
    #expect(!plain.hasLimit)
    #expect(tasks.first { $0.name == "labapp.sleepy_late" }?.acksLate == true)
  }

  @Test(arguments: [(#"{"task_always_eager": true}"#, true), ("{}", false)])
  func `a setting that is not told is at its default`(_ answer: String, _ isEager: Bool) {
    var book = InspectionBook()
    book.learn(.conf, from: "w", answer, at: at(1))
    #expect(book.workers["w"]?.settings.value?.isAlwaysEager == isEager)
  }

  @Test func `every captured answer is read whatever was asked with it`() throws {
    var book = InspectionBook()
    for reply in try Capture.replies() {
      book.asked(Self.questions[reply.method] ?? .ping, ticket: reply.ticket)
      #expect(book.take(reply.bytes, at: at(1)) != nil)
    }
  }

  @Test func `what answers nothing we asked is counted and changes nothing`() {
    var book = InspectionBook()
    let strange: [[UInt8]] = [
      envelope(worker: "w", ticket: "nobody's", answer: "{}"), Array("garbage".utf8), [],
      Array("{}".utf8),
    ]
    for element in strange { #expect(book.take(element, at: at(1)) == nil) }
    #expect(book.workers.isEmpty)
    #expect(book.undecodable == 4)
  }

  @Test func `an error is the reason, and is not asked for again at once`() {
    var book = InspectionBook()
    book.learn(.conf, from: "w", #"{"error": "KeyError('conf')"}"#, at: at(1))
    #expect(book.workers["w"]?.settings == .unavailable("the worker answered: KeyError('conf')"))
    let due = book.dueStatics(of: "w", pid: nil, now: at(2), age: .minutes(30))
    #expect(due == [.queues, .registered])
  }

  @Test func `an answer of another shape is a reason and no trap`() {
    var book = InspectionBook()
    book.learn(.active, from: "w", #"{"a": 1}"#, at: at(1))
    book.learn(.stats, from: "w", "[]", at: at(1))
    #expect(book.workers["w"]?.active.reason?.hasPrefix("its answer could not be read: ") == true)
    #expect(book.workers["w"]?.stats.reason?.hasPrefix("its answer could not be read: ") == true)
  }

  @Test func `who did not answer owes from the first time on, until any answer comes`() {
    var book = InspectionBook()
    book.didNotAnswer(["w"], at: at(1))
    book.didNotAnswer(["w"], at: at(9))
    #expect(book.owes("w") == at(1))
    book.learn(.active, from: "w", "[]", at: at(20))
    #expect(book.owes("w") == nil)
    #expect(book.workers["w"]?.lastReply == at(20))
  }

  @Test func `a late answer is still understood`() {
    var book = InspectionBook()
    book.asked(.queues, ticket: "early")
    for number in 0..<511 { book.asked(.ping, ticket: "t\(number)") }
    let answer = envelope(worker: "w", ticket: "early", answer: #"[{"name": "q"}]"#)
    #expect(book.take(answer, at: at(1))?.1 == .queues)
    book.asked(.ping, ticket: "one more")
    #expect(book.take(answer, at: at(1)) == nil)
  }

  @Test func `what was asked before a worker was changed is asked again`() {
    var book = InspectionBook()
    book.asked(.queues, ticket: "first", at: at(0))
    #expect(
      book.take(envelope(worker: "w", ticket: "first", answer: #"[{"name": "q"}]"#), at: at(1))
        != nil)
    func isDue() -> Bool {
      book.dueStatics(of: "w", pid: nil, now: at(12), age: .hours(1)).contains(.queues)
    }
    #expect(!isDue())
    book.asked(.queues, ticket: "under way", at: at(9))
    book.forgetStatics(of: ["w"], at: at(10))
    #expect(isDue())
    let old = envelope(worker: "w", ticket: "under way", answer: #"[{"name": "q"}]"#)
    #expect(book.take(old, at: at(11))?.1 == .queues)
    #expect(isDue(), "the answer may be older than the change")
    book.asked(.queues, ticket: "after", at: at(11))
    let new = envelope(
      worker: "w", ticket: "after", answer: #"[{"name": "q"}, {"name": "mail"}]"#)
    #expect(book.take(new, at: at(12))?.1 == .queues)
    #expect(!isDue())
    #expect(book.workers["w"]?.queues.value == ["q", "mail"])
  }

  @Test func `whoever is heard long after a question is asked again, ever more rarely`() {
    var book = InspectionBook()
    book.didNotAnswer(["w", "silent"], at: at(0))
    let heard = { (seconds: Double) in ["w": at(seconds), "silent": at(0)] }
    #expect(book.forgive(heardSince: heard(15)) == [])
    #expect(book.forgive(heardSince: heard(16)) == ["w"])
    #expect(book.owes("w") == nil && book.owes("silent") == at(0))
    book.didNotAnswer(["w"], at: at(20))
    #expect(book.forgive(heardSince: heard(50)) == [])
    #expect(book.forgive(heardSince: heard(51)) == ["w"])
  }

  @Test func `another process of the same name owes nothing and is asked everything anew`() {
    var book = InspectionBook()
    book.learn(.stats, from: "w", #"{"pid": 100}"#, at: at(1))
    for question in Question.statics { book.learn(question, from: "w", "[]", at: at(1)) }
    #expect(book.dueStatics(of: "w", pid: 100, now: at(2), age: .minutes(30)) == [])
    #expect(
      book.dueStatics(of: "w", pid: 200, now: at(2), age: .minutes(30)) == Question.statics)
    book.didNotAnswer(["w", "x"], pids: ["w": 100, "x": 7], at: at(3))
    book.forgive(successors: ["w": 100])
    #expect(book.owes("w") == at(3))
    book.forgive(successors: ["w": 200])
    #expect(book.owes("w") == nil)
    #expect(book.owes("x") == at(3))
  }

  @Test func `static facts are asked again after their age`() {
    var book = InspectionBook()
    for question in Question.statics { book.learn(question, from: "w", "[]", at: at(0)) }
    #expect(book.dueStatics(of: "w", pid: nil, now: at(1800), age: .minutes(30)) == [])
    #expect(
      book.dueStatics(of: "w", pid: nil, now: at(1801), age: .minutes(30)) == Question.statics)
  }

  @Test func `whoever consumed a queue that stands still is asked once more whether it does`() {
    var book = InspectionBook()
    for question in Question.statics {
      book.learn(question, from: "w", #"[{"name": "mail"}]"#, at: at(100))
    }
    func due(_ standing: [String: Timestamp]) -> [Question] {
      book.dueStatics(of: "w", pid: nil, now: at(200), age: .minutes(30), standing: standing)
    }
    #expect(due(["mail": at(150)]) == [.queues])
    #expect(due(["mail": at(99), "other": at(150)]) == [])
    book.learn(.queues, from: "w", #"[{"name": "mail"}]"#, at: at(160))
    #expect(due(["mail": at(150)]) == [])
  }

  @Test(arguments: [(13.0, 13.0), (30, 10)])
  func `an answer that was read late says what ran when it was asked for`(
    readAt: Double, told: Double
  ) {
    var book = InspectionBook()
    book.asked(.active, ticket: "t", at: at(10))
    let answer = envelope(
      worker: "w", ticket: "t", answer: #"[{"id": "a", "name": "n", "time_start": 9.0}]"#)
    #expect(book.take(answer, at: at(readAt)) != nil)
    #expect(book.workers["w"]?.active.value?.repliedAt == at(told))
    #expect(book.workers["w"]?.lastReply == at(readAt), "it lives")
  }

  @Test func `after Redis was away nobody owes`() {
    var book = InspectionBook()
    book.didNotAnswer(["a", "b"], at: at(1))
    book.forgiveAll()
    #expect(book.debts.isEmpty)
  }

  @Test func `the vanished are forgotten, the living and the recent are not`() {
    var book = InspectionBook()
    for (name, moment) in [("old", 1.0), ("recent", 50), ("living", 1)] {
      book.learn(.queues, from: name, "[]", at: at(moment))
    }
    book.didNotAnswer(["old", "never", "living"], at: at(2))
    book.forget(silentSince: at(40), living: ["living"])
    #expect(Set(book.workers.keys) == ["recent", "living"])
    #expect(Set(book.debts.keys) == ["living"])
  }

  @Test func `what is not asked says why and keeps what was answered`() {
    var book = InspectionBook()
    book.decline(.registered, of: ["w"], because: "too large")
    #expect(book.workers["w"]?.registered == .unavailable("too large"))
    #expect(book.workers["w"]?.lastReply == nil)
    #expect(
      book.dueStatics(of: "w", pid: nil, now: at(2), age: .minutes(30)) == Question.statics)
  }

  @Test func `the last answer's size is expected of the next`() {
    var book = InspectionBook()
    #expect(book.expectedBytes(.active, from: "w", assumed: .kibibytes(64)) == 65536)
    book.learn(.active, from: "w", "[]", at: at(1))
    #expect(
      book.expectedBytes(.active, from: "w", assumed: .kibibytes(64))
        == envelope(worker: "w", ticket: "active-w", answer: "[]").count)
  }

  @Test func `no answer is kept beyond its bounds`() {
    var budget = CollectionBudget()
    budget.registeredTasks = 2
    budget.runningTasks = 1
    var book = InspectionBook(budget: budget)
    book.learn(.registered, from: "w", #"["a", "b", "c"]"#, at: at(1))
    book.learn(.active, from: "w", #"[{"id": "1"}, {"id": "2"}]"#, at: at(1))
    #expect(book.workers["w"]?.registered.value?.map(\.name) == ["a", "b"])
    #expect(book.workers["w"]?.activeTasks.map(\.id) == ["1"])
    #expect(book.workers["w"]?.active.value?.taskIDs == ["1", "2"])
  }

  @Test func `a password that a worker does not mask is used and not shown`() throws {
    var book = InspectionBook()
    let told = "redis://u:planted@h:6379/1?ssl_cert_reqs=none&password=planted"
    book.learn(.conf, from: "w@1", "{\"result_backend\": \"\(told)\"}", at: at(1))
    let worker = try #require(book.workers["w@1"])
    #expect(worker.backend == told)
    #expect(
      worker.settings.value?.resultBackend
        == "redis://u:***@h:6379/1?ssl_cert_reqs=none&password=***")
  }
}
