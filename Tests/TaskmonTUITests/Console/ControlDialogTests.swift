import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("The keys that act")
struct ControlDialogTests {
  static let first = WorkerID(name: "celery@w1", pid: 311)
  static let living = ["celery@w1", "celery@w2"]
  static let report = "report:7"
  static let billing = "5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11"

  /// A console that may act, on some view, after some keys.
  static func console(
    _ view: ViewID, _ keys: [Key] = [], data: ConsoleData = SampleData.data(), columns: Int = 80,
    rows: Int = 24
  ) -> Console {
    var console = Console(
      data: data, options: ConsoleOptions(view: view, allowsControl: true),
      pages: SampleData.page(of:))
    _ = console.handle(.resize(columns: columns, rows: rows))
    for key in keys { _ = console.handle(.key(key)) }
    return console
  }

  private static func key(_ letter: Character) -> Key { .character(letter) }

  /// What stands there as one line, without what the dialog leaves of the view at its right.
  private static func text(_ console: Console) -> String {
    console.lines.flatMap { $0.prefix(78).split(separator: " ") }.joined(separator: " ")
  }

  /// What typing a text and Enter leads to.
  private static func answer(_ console: Console, _ text: String) -> [Effect] {
    var console = console
    console.type(text)
    return console.handle(.key(.enter))
  }

  // MARK: Whether they may

  @Test("Without the flag each says in one line how to get it", arguments: Array("XTKPA"))
  func refused(_ letter: Character) {
    for view in ViewID.allCases {
      var console = Console.showing(SampleData.data(), view: view)
      #expect(console.handle(.key(Self.key(letter))) == [.bell])
      #expect(console.lines.last?.contains("taskmon top --allow-control") == true)
      let effects = console.handle(.key(.enter))
      #expect(effects.filter { $0.changesSomething } == [])
    }
  }

  @Test("In a replay, before anything is known and where workers are told nothing they say why")
  func obstacles() {
    var replay = Console(
      data: SampleData.data(),
      options: ConsoleOptions(view: .running, followsClock: false, allowsControl: true),
      pages: SampleData.page(of:))
    _ = replay.handle(.resize(columns: 80, rows: 24))
    #expect(replay.handle(.key(Self.key("X"))) == [.bell])
    #expect(replay.lines.last?.contains("of another time") == true)
    var empty = Self.console(.running, data: SampleData.emptyData)
    #expect(empty.handle(.key(Self.key("X"))) == [.bell])
    let full = SampleData.data { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.inspection.suspended = "Redis is at 97 % of maxmemory"
      return snapshot
    }
    var running = Self.console(.running, data: full)
    #expect(running.handle(.key(Self.key("X"))) == [.bell])
    #expect(running.lines.last?.contains("97 % of maxmemory") == true)
    var queues = Self.console(.queues, data: full)
    #expect(queues.handle(.key(Self.key("P"))) == [], "a purge makes room")
  }

  // MARK: Tasks

  @Test("X names the task, its worker and how long it runs; nothing is sent before it is chosen")
  func revoke() {
    var console = Self.console(.running, [.down, Self.key("X")])
    let text = Self.text(console)
    #expect(text.contains("revoke a task: \(Self.report)"))
    #expect(text.contains("reports.render \(Self.report) is running on celery@w2 for 1h 30m"))
    #expect(text.contains("2 of them up") && text.contains("memory only"))
    var left = console
    #expect(left.handle(.key(.enter)) == [], "the first line leaves it")
    #expect(!Self.text(left).contains("revoke a task"))
    _ = console.handle(.key(.down))
    #expect(
      console.handle(.key(.enter))
        == [.control(.revoke(id: Self.report, terminates: false, workers: Self.living))])
    #expect(console.lines.last?.contains("telling 2 workers") == true)
  }

  @Test("Esc leaves every dialog and nothing is sent", arguments: Array("XTKPA"))
  func escape(_ letter: Character) {
    let view: ViewID = letter == "K" ? .workers : letter == "P" ? .queues : .running
    let before = Self.console(view)
    var console = before
    #expect(console.handle(.key(Self.key(letter))) == [])
    #expect(console.lines != before.lines)
    #expect(console.handle(.key(.escape)) == [])
    #expect(console.lines == before.lines)
    let effects = console.handle(.key(.enter))
    #expect(effects.filter { $0.changesSomething } == [])
  }

  @Test("T refuses where the pool cannot end a run, and says which can")
  func terminate() {
    var threads = Self.console(.running, [.down, Self.key("T"), .down])
    #expect(Self.text(threads).contains("only prefork kills the process"))
    #expect(threads.handle(.key(.enter)) == [.bell])
    #expect(Self.text(threads).contains("celery@w2 runs a threads pool, which cannot end"))
    var prefork = Self.console(.running, [Self.key("T"), .down])
    #expect(Self.text(prefork).contains("billing.sync \(Self.billing) is running on celery@w3"))
    #expect(
      prefork.handle(.key(.enter))
        == [.control(.revoke(id: Self.billing, terminates: true, workers: Self.living))])
  }

  @Test("Of a worker with several runs one is chosen, of a task with one it is that")
  func chooseRun() {
    for keys in [[Self.key("X")], [.enter, Self.key("X")]] {
      var console = Self.console(.workers, keys)
      #expect(Self.text(console).contains("c1e2") && Self.text(console).contains("d4f5"))
      for key in [Key.down, .enter, .down] { _ = console.handle(.key(key)) }
      #expect(
        console.handle(.key(.enter))
          == [.control(.revoke(id: "d4f5", terminates: false, workers: Self.living))])
    }
    var alone = Self.console(.workers, [.down, Self.key("X"), .down])
    #expect(
      alone.handle(.key(.enter))
        == [.control(.revoke(id: Self.report, terminates: false, workers: Self.living))])
  }

  @Test("Where no task is under the cursor its id is typed; of a queue the next one is proposed")
  func typedID() {
    var console = Self.console(.beat, [Self.key("X")])
    #expect(console.handle(.key(.enter)) == [.bell])
    #expect(Self.text(console).contains("type the id of a task"))
    console.type(" abcq ")
    #expect(Self.text(console).contains("abcq does not run as far as is known"))
    #expect(
      console.handle(.key(.enter))
        == [.control(.revoke(id: "abcq", terminates: false, workers: Self.living))])
    var queue = Self.console(.queues, [Self.key("X")])
    let head = "0a6f7c9e-13bb-4b39-8e0e-2c4a2f1b9d10"
    #expect(Self.text(queue).contains("mail.send \(head) waits in queue celery and is next"))
    _ = queue.handle(.key(.control("u")))
    queue.type("other")
    #expect(
      queue.handle(.key(.enter))
        == [.control(.revoke(id: "other", terminates: false, workers: Self.living))])
    #expect(Self.answer(Self.console(.beat, [Self.key("X")]), "two words") == [.bell])
  }

  // MARK: Workers

  @Test("K tells what the worker runs and which queues nobody else takes from")
  func shutDown() {
    var console = Self.console(.workers, [Self.key("K")])
    let text = Self.text(console)
    #expect(text.contains("shut a worker down: celery@w1"))
    #expect(text.contains("celery@w1 (pid 311) runs 4 tasks: it finishes them first"))
    #expect(text.contains("Nobody else takes from billing"))
    _ = console.handle(.key(.down))
    #expect(console.handle(.key(.enter)) == [.control(.shutDown([Self.first]))])
    var gone = Self.console(.workers, [.end, Self.key("K"), .down])
    #expect(gone.handle(.key(.enter)) == [.bell])
    #expect(Self.text(gone).contains("it is not up"))
    var elsewhere = Self.console(.running)
    #expect(elsewhere.handle(.key(Self.key("K"))) == [.bell])
    #expect(elsewhere.lines.last?.contains("choose a worker first") == true)
  }

  /// The shop with one of its workers changed.
  private static func shop(
    worker: Int, _ change: (inout WorkerFacts) -> Void
  ) -> ConsoleData {
    SampleData.data { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.workers = snapshot.workers.map { workers in
        var workers = workers
        change(&workers[worker])
        return workers
      }
      return snapshot
    }
  }

  @Test("K says where a worker that is up has not told what it takes from")
  func unknownConsumers() {
    let data = Self.shop(worker: 1) { $0.queues = .unavailable("not asked yet") }
    let text = Self.text(Self.console(.workers, [Self.key("K")], data: data))
    #expect(
      text.contains(
        "Whether others take from its queues is not known: celery@w2 has not told its queues."))
    #expect(!text.contains("Nobody else takes"))
  }

  @Test("A pool of unknown size is not shrunk, as nothing might be left of it")
  func unknownPool() {
    let data = Self.shop(worker: 1) { $0.stats = .unavailable("it owes an answer") }
    let keys = [Self.key("A"), .down, .down, .down, .enter]
    var unknown = Self.console(.workers, [.down] + keys, data: data)
    #expect(Self.text(unknown).contains("celery@w2 has ? slots"))
    #expect(unknown.handle(.key(.enter)) == [.bell])
    #expect(Self.text(unknown).contains("how much celery@w2 has is not known"))
    #expect(
      Self.answer(Self.console(.workers, keys, data: data), "")
        == [.control(.shrinkPool(by: 1, workers: ["celery@w1"]))])
  }

  // MARK: Queues

  @Test("P counts what is lost and wants the queue's name typed")
  func purge() {
    let console = Self.console(.queues, [Self.key("P")])
    let text = Self.text(console)
    #expect(text.contains("12,345 messages in all priority lists of celery"))
    #expect(text.contains("About 96 messages that workers hold"))
    #expect(Self.answer(console, "") == [.bell])
    #expect(Self.answer(console, "celer") == [.bell])
    #expect(Self.answer(console, "celery") == [.control(.purge(queue: "celery"))])
    var elsewhere = Self.console(.workers)
    #expect(elsewhere.handle(.key(Self.key("P"))) == [.bell])
  }

  // MARK: The rest

  /// The form of a line of the menu behind A.
  private static func form(_ line: Int, _ view: ViewID, before: [Key] = []) -> Console {
    console(view, before + [key("A")] + Array(repeating: .down, count: line) + [.enter])
  }

  @Test(
    "A rate is a number and a unit", arguments: ["10/s", "100/m", "2/h", "0", "0.5/s", "7"])
  func rates(_ rate: String) {
    var console = Self.form(0, .tasks)
    _ = console.handle(.key(.tab))
    let action = ControlAction.rateLimit(task: "mail.send", rate: rate, workers: Self.living)
    #expect(Self.answer(console, rate) == [.control(action)])
  }

  @Test("What is no rate is not sent", arguments: ["", "fast", "10/d", "-1/s", "1e3/s", "1/s/s"])
  func wrongRates(_ rate: String) {
    var console = Self.form(0, .tasks)
    _ = console.handle(.key(.tab))
    console.type(rate)
    #expect(console.handle(.key(.enter)) == [.bell])
    #expect(Self.text(console).contains("a rate is 10/s, 100/m or 2/h"))
  }

  @Test("A task that no worker has registered is a slip")
  func unknownTask() {
    var console = Self.form(0, .tasks)
    console.type("x")
    for key in [Key.tab, .character("1")] { _ = console.handle(.key(key)) }
    #expect(console.handle(.key(.enter)) == [.bell])
    #expect(Self.text(console).contains("no worker that is up has registered mail.sendx"))
  }

  @Test("Time limits are lengths or nothing, and the soft one is below the hard one")
  func timeLimits() {
    func limits(_ soft: String, _ hard: String) -> [Effect] {
      var console = Self.form(1, .tasks)
      _ = console.handle(.key(.tab))
      console.type(soft)
      _ = console.handle(.key(.tab))
      return Self.answer(console, hard)
    }
    func effect(_ soft: Seconds?, _ hard: Seconds?) -> [Effect] {
      [
        .control(
          .timeLimit(task: "mail.send", soft: soft, hard: hard, workers: Self.living))
      ]
    }
    #expect(limits("30", "2m") == effect(Seconds(30), Seconds(120)))
    #expect(limits("", "90s") == effect(nil, Seconds(90)))
    #expect(limits("", "") == effect(nil, nil))
    #expect(limits("2m", "2m") == [.bell])
    #expect(limits("0", "") == [.bell])
    #expect(limits("soon", "") == [.bell])
    var other = Self.form(1, .beat)
    other.type("billing.sync")
    #expect(Self.text(other).contains("billing.sync has now: soft 45s, hard 1m"))
  }

  @Test("A pool grows by a number on the worker under the cursor, and never shrinks to nothing")
  func pools() {
    var grow = Self.form(2, .workers)
    #expect(Self.text(grow).contains("celery@w1 has 16 slots"))
    _ = grow.handle(.key(.backspace))
    #expect(
      Self.answer(grow, "3") == [.control(.growPool(by: 3, workers: ["celery@w1"]))])
    #expect(Self.answer(grow, "0") == [.bell])
    #expect(Self.answer(grow, "1001") == [.bell])
    var shrink = Self.form(3, .workers)
    _ = shrink.handle(.key(.backspace))
    #expect(Self.answer(shrink, "15") == [.control(.shrinkPool(by: 15, workers: ["celery@w1"]))])
    #expect(Self.answer(shrink, "16") == [.bell])
    let grown = Self.shop(worker: 0) { worker in
      worker.stats = worker.stats.map { stats in
        var stats = stats
        stats.processes = 20
        return stats
      }
    }
    var again = Self.console(
      .workers, [Self.key("A"), .down, .down, .down, .enter, .backspace], data: grown)
    #expect(Self.text(again).contains("celery@w1 has 20 processes"))
    #expect(Self.answer(again, "19") == [.control(.shrinkPool(by: 19, workers: ["celery@w1"]))])
    again.type("20")
    #expect(again.handle(.key(.enter)) == [.bell])
    #expect(Self.text(again).contains("celery@w1 has 20 processes: at least one must stay"))
  }

  @Test("A consumer is added to named workers, and taken from those that consume the queue")
  func consumers() {
    var add = Self.form(4, .queues)
    #expect(Self.text(add).contains("Told to 2 workers: celery@w1, celery@w2"))
    for key in [Key.tab, .control("u")] { _ = add.handle(.key(key)) }
    #expect(Self.answer(add, "") == [.bell])
    #expect(Self.answer(add, "celery@w9") == [.bell])
    #expect(
      Self.answer(add, "celery@w2, celery@w1")
        == [.control(.addConsumer(queue: "celery", workers: Self.living))])
    let cancel = Self.form(5, .queues, before: [.down])
    #expect(
      Self.answer(cancel, "")
        == [.control(.cancelConsumer(queue: "billing", workers: ["celery@w1"]))])
    #expect(Self.answer(Self.form(5, .beat), "nobodys") == [.bell])
  }

  @Test("A dialog stays while data come, takes no clicks, and Ctrl-C quits from it")
  func steady() {
    var console = Self.console(.queues, [Self.key("P")])
    let before = console.lines
    _ = console.handle(.update(SampleData.data()))
    #expect(console.handle(.click(row: 8, column: 4)) == [])
    #expect(console.handle(.wheel(lines: 3)) == [])
    #expect(console.lines == before)
    _ = console.handle(.key(.character("1")))
    #expect(Self.text(console).contains("purge a queue"), "a digit is typed, no view is opened")
    #expect(console.handle(.key(.control("c"))) == [.quit])
  }

  @Test("In the smallest window the field and its complaint are seen")
  func small() {
    var console = Self.console(.queues, [Self.key("P")], columns: 60, rows: 15)
    _ = console.handle(.key(.enter))
    let text = Self.text(console)
    #expect(text.contains("its name") && text.contains("type celery to have it emptied"))
    #expect(console.lines.allSatisfy { $0.count <= 60 })
  }

  @Test("The dialogs look as their pictures")
  func golden() throws {
    try expectGolden(
      Self.console(.running, [Self.key("T")]).lines, "terminate-dialog-80x24")
    try expectGolden(Self.console(.queues, [Self.key("P")]).lines, "purge-dialog-80x24")
    try expectGolden(
      Self.console(.queues, [Self.key("P")], columns: 60, rows: 15).lines, "purge-dialog-60x15")
    try expectGolden(Self.console(.workers, [Self.key("A")]).lines, "actions-menu-80x24")
    try expectGolden(
      Self.form(1, .tasks).lines, "time-limit-dialog-80x24")
  }
}

extension Effect {
  /// Opening a worker's page asks that worker, which changes nothing.
  fileprivate var changesSomething: Bool {
    switch self {
    case .control, .enableEvents, .silence, .endSilence: true
    case .ask, .quit, .refresh, .repaint, .bell, .copy, .save: false
    }
  }
}
