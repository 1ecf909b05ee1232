import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Audit view")
struct AuditViewTests {
  private static func cells(_ task: String, _ context: ViewContext) -> [String: String] {
    let table = AuditView.table(context)
    guard let row = table.rows.first(where: { $0.subject == task }) else { return [:] }
    return Dictionary(
      zip(table.heads.map(\.title), row.cells.map(\.text)), uniquingKeysWith: { $1 })
  }

  private static func text(_ page: Page?) -> String {
    page?.lines(width: 120).map(\.text).joined(separator: "\n") ?? ""
  }

  @Test("The worst task stands first, and what is not told is a question mark")
  func rows() throws {
    let context = try TasksViewTests.context()
    #expect(
      AuditView.table(context).rows.map { $0.cells[1].text }
        == ["fragile", "may run twice", "may run twice", "no limit"])
    let legacy = Self.cells("mail.legacy", context)
    #expect(legacy["ACK LATE"] == "?" && legacy["RESULT"] == "?" && legacy["HARD"] == "none")
    let send = Self.cells("mail.send", context)
    #expect(send["ACK LATE"] == "no" && send["RETRIES"] == "no" && send["RATE"] == "100/m")
    #expect(send["RESULT"] == "no" && send["RUNS"] == "119,400" && send["WORKERS"] == "3")
    let render = Self.cells("reports.render", context)
    #expect(render["RETRIES"] == "endless" && render["HARD"] == "3h" && render["RESULT"] == "1h")
  }

  @Test("Where workers differ both values are told, and on the page who has which")
  func differs() throws {
    let context = try TasksViewTests.context { snapshot in
      snapshot.workers = snapshot.workers.map { workers in
        var workers = workers
        workers[0].registered = .value([
          RegisteredTask(
            name: "billing.sync", hardLimit: Seconds(30), acksLate: true,
            rejectsOnWorkerLost: true, retriesByItself: true, mostRetries: 5,
            ignoresResult: false)
        ])
        return workers
      }
    }
    #expect(Self.cells("billing.sync", context)["HARD"] == "30s|1m")
    let page = Self.text(AuditView.page("billing.sync", context))
    #expect(page.contains("30s: the task's own time_limit, on celery@w1"))
    #expect(page.contains("1m: the task's own time_limit, on celery@w2"))
    #expect(page.contains("differs: not the same on all workers"))
    #expect(Self.text(AuditView.page("mail.send", context)).contains("celery@w1"), "not on it")
  }

  @Test("A page tells every value and who says so")
  func page() throws {
    let context = try TasksViewTests.context()
    let page = Self.text(AuditView.page("reports.render", context))
    #expect(page.contains("late, when it has run: the task's own acks_late, on celery@w1"))
    #expect(page.contains("task_acks_late in the worker's settings, on celery@w2"))
    #expect(page.contains("tried again without end: the task's own autoretry_for, max_retries"))
    #expect(page.contains("none: Celery's default"))
    #expect(page.contains("hands it out again after 2h"))
    #expect(AuditView.page("gone", context) == nil)
  }

  @Test("Why nothing is known is said, and is no empty shop")
  func unknown() throws {
    let context = try TasksViewTests.context { snapshot in
      snapshot.workers = snapshot.workers.map { workers in
        workers.map { worker in
          var worker = worker
          worker.registered = .unavailable("--read-only asks no worker")
          return worker
        }
      }
    }
    #expect(
      AuditView.table(context).unknownReason
        == "What is registered is not known: the tasks of celery@w1: --read-only asks no worker")
    let partly = try TasksViewTests.context { snapshot in
      snapshot.workers = snapshot.workers.map { workers in
        var workers = workers
        workers[1].registered = .unavailable("it owes an answer")
        return workers
      }
    }
    #expect(
      AuditView.table(partly).lead.map(\.text)
        == [" The tasks of celery@w2 are not in this: it owes an answer"])
    let bare = try TasksViewTests.context { snapshot in
      snapshot.workers = snapshot.workers.map { workers in
        workers.map { worker in
          var worker = worker
          worker.registered = .value([])
          return worker
        }
      }
    }
    #expect(
      AuditView.table(bare).lead.map(\.text)
        == [" No worker has a task registered but Celery's own."])
  }
}
