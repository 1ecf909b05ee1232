import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Tasks view")
struct TasksViewTests {
  static func context(
    _ report: HealthReport = SampleData.healthy, _ change: (inout Snapshot) -> Void = { _ in }
  ) throws -> ViewContext {
    let data = SampleData.data(report) { moment in
      var snapshot = SampleData.snapshot(at: moment)
      change(&snapshot)
      return snapshot
    }
    return try #require(SampleData.context(data))
  }

  /// Cells by the column's title.
  static func cells(_ row: String, _ context: ViewContext) -> [String: String] {
    let table = TasksView.table(context)
    guard let row = table.rows.first(where: { $0.subject == row || $0.id == row }) else {
      return [:]
    }
    return Dictionary(
      zip(table.heads.map(\.title), row.cells.map(\.text)), uniquingKeysWith: { $1 })
  }

  @Test("The busiest task stands first, the rest of all last however it is sorted")
  func order() throws {
    let table = TasksView.table(try Self.context())
    #expect(
      table.rows.map(\.id) == [
        "task mail.send", "task billing.sync", "task shop.refresh_prices", "task reports.render",
        "task \(TaskFacts.unnamed)", "rest",
      ])
    var state = TableState()
    state.sort(by: 0)
    state.isInverted = true
    #expect(state.visible(table).last?.id == "rest")
  }

  @Test("What publishers do not tell is unknown, and a task of which no event told is no zero")
  func unknown() throws {
    let context = try Self.context()
    #expect(Self.cells("mail.send", context)["SENT"] == "?")
    #expect(Self.cells("billing.sync", context)["SENT"] == "9/m")
    let untold = try Self.context { $0.tasks = .unavailable("the event channel was not heard yet") }
    let cells = Self.cells("mail.send", untold)
    #expect(cells["DONE"] == "?" && cells["FAILED"] == "?" && cells["P95"] == "?")
    #expect(cells["RUNS"] == "119,400" && cells["RUNNING"] == "0")
    #expect(
      TasksView.table(untold).lead.map(\.text) == [
        " ? What tasks do is not known: the event channel was not heard yet"
      ])
  }

  @Test("Of a task that a worker may run unheard it is not known that it does not run")
  func untold() throws {
    func context(_ registered: Observation<[RegisteredTask]>) throws -> ViewContext {
      try Self.context { snapshot in
        snapshot.running = .value([])
        snapshot.workers = snapshot.workers.map { workers in
          var workers = workers
          workers[0].sendsTaskEvents = .unavailable("none came")
          workers[0].registered = registered
          return workers
        }
      }
    }
    let some = try context(.value([RegisteredTask(name: "mail.send")]))
    #expect(Self.cells("mail.send", some)["RUNNING"] == "?")
    #expect(Self.cells("billing.sync", some)["RUNNING"] == "0")
    for page in [
      TasksView.page("task mail.send", some), AuditView.page("mail.send", some),
    ] {
      let lines = try #require(page).lines(width: 80).map(\.text)
      #expect(lines.contains { $0.contains("running now") && $0.hasSuffix("?") })
    }
    let any = try context(.unavailable("not asked yet"))
    #expect(Self.cells("billing.sync", any)["RUNNING"] == "?")
    let answered = try Self.context { $0.running = .value([]) }
    #expect(Self.cells("mail.send", answered)["RUNNING"] == "0")
  }

  @Test("That a task has no results is known once all of them were looked at")
  func results() throws {
    #expect(Self.cells("mail.send", try Self.context())["RESULT"] == "-")
    #expect(Self.cells("reports.render", try Self.context())["RESULT"] == "1.0M")
    let unread = try Self.context { $0.results = .unavailable("not looked at yet") }
    #expect(Self.cells("mail.send", unread)["RESULT"] == "?")
    #expect(Self.cells("rest", unread)["RESULT"] == "-")
    let first = try Self.context { snapshot in
      snapshot.results = snapshot.results.map { results in
        var results = results
        results.completedPasses = 0
        return results
      }
    }
    #expect(Self.cells("mail.send", first)["RESULT"] == "?")
    #expect(Self.cells("reports.render", first)["RESULT"] == "1.0M")
  }

  @Test("Without anything heard or answered there is only the reason")
  func nothing() throws {
    let context = try Self.context { snapshot in
      snapshot.tasks = .unavailable("x")
      snapshot.workers = .unavailable("y")
      snapshot.running = .unavailable("z")
    }
    let table = TasksView.table(context)
    #expect(table.rows.isEmpty)
    #expect(table.unknownReason == "What tasks do is not known: x")
  }

  @Test("The share that failed is of those that ended for good; where none ended there is none")
  func failing() throws {
    let context = try Self.context()
    #expect(Self.cells("billing.sync", context)["FAILING"] == "18%")
    #expect(Self.cells("reports.render", context)["FAILING"] == "100%")
    #expect(Self.cells("mail.send", context)["FAILING"] == "0%")
    #expect(Self.cells(TaskFacts.unnamed, context)["FAILING"] == "?")
    #expect(
      Self.cells("billing.sync", context)["WHY IT FAILED"]
        == "TimeLimitExceeded 15, ConnectionError 3")
  }

  @Test("A task something was found of is coloured by the worst of it")
  func severity() throws {
    let context = try Self.context(SampleData.troubled)
    let rows = TasksView.table(context).rows
    let roles = Dictionary(
      rows.map { ($0.subject ?? "", $0.cells[0].role) }, uniquingKeysWith: { $1 })
    #expect(roles["billing.sync"] == .critical)
    #expect(roles["reports.render"] == .warning)
    #expect(roles["mail.send"] == .text)
  }

  @Test("Workers that send no task events are told, and those of which nobody knows are not")
  func quiet() throws {
    let context = try #require(SampleData.context(SampleData.quietData))
    let lead = TasksView.table(context).lead.map(\.text)
    #expect(lead.count == 2 && lead[1].contains("1 worker sends no task events"))
    #expect(try TasksView.table(Self.context()).lead.count == 1)
  }

  @Test("A task's page tells its failures with what they said, made safe")
  func page() throws {
    let context = try Self.context()
    let text = TasksView.page("task billing.sync", context)?.lines(width: 120).map(\.text)
      .joined(separator: "\n")
    let lines = try #require(text)
    #expect(lines.contains("ConnectionError('bank \\x1b[31maway')"))
    #expect(lines.contains("File \"/srv/shop/tasks.py\", line 41, in sync"))
    #expect(lines.contains("invoice:2026/17"))
    #expect(!lines.contains("77aa"), "another task's run")
    #expect(lines.contains("celery@w1 700, celery@w3 500"))
    #expect(lines.contains("web1 1,190"))
    #expect(lines.contains("1m: the task's own time_limit"))
    #expect(lines.contains("celery@w1  c1e2  63% of 1m"))
    #expect(TasksView.page("task gone", context) == nil)
  }

  @Test("A long traceback is told by its end")
  func longTraceback() throws {
    let context = try Self.context { snapshot in
      snapshot.tasks = snapshot.tasks.map { tasks in
        var tasks = tasks
        tasks.failures[0].traceback = (1...50).map { "line \($0)" }.joined(separator: "\n")
        return tasks
      }
    }
    let lines = TasksView.page("task billing.sync", context)?.lines(width: 100).map(\.text) ?? []
    #expect(lines.contains { $0.hasSuffix(" line 50") })
    #expect(!lines.contains { $0.hasSuffix(" line 30") })
  }

  @Test("What an exception said never leaves with a table")
  func messagesStay() throws {
    let context = try Self.context()
    let table = TasksView.table(context)
    for format in TableFormat.allCases {
      let text = table.text(as: format, view: .tasks, of: context.snapshot)
      #expect(!text.contains("bank") && !text.contains("Traceback"))
    }
  }
}

@Suite("Lengths, rates and shares of tasks")
struct TaskTextTests {
  @Test(
    "A length is told in milliseconds below a second",
    arguments: [
      (0, "0s"), (0.0002, "<1ms"), (0.0214, "21ms"), (0.9996, "1.0s"), (1, "1s"), (1.26, "1.3s"),
      (850, "14m10s"), (.infinity, "?"),
    ])
  func durations(seconds: Double, text: String) {
    #expect(TaskText.duration(Seconds(seconds)) == text)
  }

  @Test(
    "A rate is told a second, or a minute where that is less than one",
    arguments: [
      (0, "0/s"), (0.001, "<1/m"), (0.05, "3/m"), (1, "1/s"), (1.24, "1.2/s"), (49.8, "50/s"),
      (12_345, "12,345/s"), (.infinity, "?"), (-1, "?"),
    ])
  func rates(perSecond: Double, text: String) { #expect(TaskText.rate(perSecond) == text) }

  @Test(
    "A share is told in percent, the small ones finer",
    arguments: [
      (0, "0%"), (0.0001, "<0.1%"), (0.032, "3.2%"), (0.5, "50%"), (14.17, "1417%"), (.nan, "?"),
    ])
  func shares(share: Double, text: String) { #expect(TaskText.percent(share) == text) }
}
