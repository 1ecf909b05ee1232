import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// What holds for a task, where each value comes from, and which workers differ.
enum AuditPage {
  static func page(_ task: TaskAudit, _ audit: Audit, _ context: ViewContext) -> Page {
    let blocks: [PageBlock] =
      [.line(StyledLine()), .facts(verdict(task, audit.visibilityTimeout) + use(task, context))]
      + [.heading("What holds, and who says so"), .facts(options(task))]
      + calls(task) + workers(task, audit)
    return Page("audit of \(task.name)", blocks)
  }

  /// What holds for one task, for other pages; empty where no worker that lives has it.
  static func blocks(of name: String, _ context: ViewContext) -> [PageBlock] {
    let audit = Audit(context.history, context.snapshot, of: name)
    guard let task = audit.tasks.first else { return [] }
    return [
      .heading("As registered"), .facts(verdict(task, audit.visibilityTimeout) + options(task)),
    ] + calls(task)
  }

  private static func verdict(_ task: TaskAudit, _ visibility: Seconds) -> [PageFact] {
    guard !task.faults.isEmpty else {
      return [PageFact("verdict", TaskAudit.Fault.fine, .good)]
    }
    return task.faults.enumerated().map { index, fault in
      let having = task.variants.filter { $0.faults.contains(fault) }
      let isEverywhere = having.isEmpty || having.count == task.variants.count
      let place = isEverywhere ? "" : ", on \(names(having.flatMap(\.workers)))"
      return PageFact(
        index == 0 ? "verdict" : "", "\(fault.word): \(fault.sentence(visibility))\(place)",
        fault.role)
    }
  }

  private static func use(_ task: TaskAudit, _ context: ViewContext) -> [PageFact] {
    let runs = context.snapshot.running.value?.count { $0.task == task.name }
    let running = runs == 0 && UntoldRuns(context).mayHold(task.name) ? nil : runs
    return [
      task.runs.map { PageFact("runs so far", "\($0.grouped) since the workers started") }
        ?? .unknown("runs so far"),
      running.map { PageFact("running now", $0.grouped) } ?? .unknown("running now"),
    ]
  }

  /// Each value with its source; where workers differ, a line for each kind of them.
  static func options(_ task: TaskAudit) -> [PageFact] {
    PolicyOption.all.flatMap { option -> [PageFact] in
      var found: [(Observation<PolicyOption.Told>, workers: [String])] = []
      for variant in task.variants {
        let told = option.told(variant.policy)
        if let index = found.firstIndex(where: { $0.0 == told }) {
          found[index].workers += variant.workers
        } else {
          found.append((told, variant.workers))
        }
      }
      let words = Set(found.map { $0.0.value?.words })
      return found.enumerated().map { index, kind in
        let name = index == 0 ? option.name : ""
        let place = found.count > 1 ? ", on \(names(kind.workers))" : ""
        switch kind.0 {
        case .unavailable(let reason): return .unknown(name, reason + place)
        case .value(let told):
          return PageFact(
            name, "\(told.words): \(option.words(told.source))\(place)",
            words.count > 1 ? .warning : .text)
        }
      }
    }
  }

  private static let shownNames = 5

  private static func names(_ workers: [String]) -> String {
    let sorted = Set(workers).sorted()
    let more = sorted.count - shownNames
    let shown = sorted.prefix(shownNames).joined(separator: ", ")
    return more > 0 ? "\(shown) and \(more.grouped) more" : shown
  }

  private static func calls(_ task: TaskAudit) -> [PageBlock] {
    guard !task.called.isEmpty else { return [] }
    return [
      .heading("Limits that its messages bring along, and that come first"),
      .facts(
        task.called.map { limits in
          PageFact(
            "hard \(limits.hard?.text ?? "-"), soft \(limits.soft?.text ?? "-")",
            "given with the call, or as its publisher has the task")
        }),
    ]
  }

  private static func workers(_ task: TaskAudit, _ audit: Audit) -> [PageBlock] {
    let having = task.variants.flatMap(\.workers)
    let lacking = audit.told.filter { !having.contains($0) }
    var facts = [PageFact("registered on", names(having))]
    if !lacking.isEmpty { facts.append(PageFact("not on", names(lacking), .warning)) }
    facts += audit.silent.sorted { $0.key < $1.key }.prefix(shownNames).map {
      .unknown($0.key, $0.value)
    }
    return [.heading("Workers"), .facts(facts)]
  }
}
