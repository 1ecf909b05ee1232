import TaskmonHealth
package import TaskmonModel
import TaskmonUnits

/// Where a task is, in one sentence and then with everything that is known.
package struct TracePage: Sendable {
  private let trace: TaskTrace
  private let moments: MomentFormat

  package init(_ trace: TaskTrace, moments: MomentFormat) {
    self.trace = trace
    self.moments = moments
  }

  /// Made safe; ends with a line feed.
  ///
  /// Lines stay whole, so that a traceback can be taken as it is.
  package var text: String {
    page.lines(width: Self.unwrapped).map { line in
      var text = line.text
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }.joined()
  }

  private static let unwrapped = 10_000

  package var page: Page {
    Page(
      "task \(trace.id)",
      [.line(StyledLine(sentence, .text, bold: true))] + waiting + held + workers + registered
        + result
        + history + limits)
  }

  // MARK: In one sentence

  /// The furthest it has come, as far as is known.
  package var sentence: String {
    let name = "task \(trace.id)"
    if let run = runs.first(where: { $0.stage == .active }) {
      let length = run.startedAt.map { " for \(age($0).text)" } ?? ""
      return "\(name) is running on \(run.worker)\(length)"
    }
    if let message = trace.waiting.value?.first {
      return "\(name) waits in queue \(message.queue), \(place(message.ahead))"
    }
    if let result = trace.result.value ?? nil, result.isFinal { return "\(name) \(ending(result))" }
    if let held = trace.held.value?.first { return "\(name) is \(holding(held))" }
    if let run = runs.first { return "\(name) is \(run.stage.words) on \(run.worker)" }
    if let result = trace.result.value ?? nil { return "\(name) \(ending(result))" }
    return unknown
  }

  private func place(_ ahead: Int) -> String {
    switch ahead {
    case 0: "it is next"
    case 1: "1 message is taken before it"
    default: "\(ahead.grouped) messages are taken before it"
    }
  }

  private func ending(_ result: TaskResult) -> String {
    let when = result.doneAt.map { " \(age($0).text) ago" } ?? ""
    switch result.state {
    case "SUCCESS"?: return "has succeeded\(when)"
    case "FAILURE"?:
      return "has failed\(when)" + (result.exceptionClass.map { " with \($0)" } ?? "")
    case "REVOKED"?: return "was revoked\(when)"
    case let state?: return "is \(state) as its stored state says"
    case nil: return "has a result whose state could not be read"
    }
  }

  private func holding(_ held: UnackedMessage) -> String {
    let worker = runs.first.map { "held by \($0.worker)" } ?? "held by a worker"
    guard let eta = held.message.value?.eta, eta > trace.lookedAt else { return worker }
    return "\(worker) until its eta in \((eta - trace.lookedAt).text)"
  }

  private var unknown: String {
    let met = [unmetInQueues, unmetOnWorkers, unmetInResults].compactMap(\.self)
    let known = met.isEmpty ? "" : ": \(met.joined(separator: ", "))"
    var parts = ["nothing is known of task \(trace.id)\(known)"]
    parts += trace.queueSearch.omissions + trace.heldSearch.omissions
    if let reason = trace.waiting.reason { parts.append("the queues are not known: \(reason)") }
    if let reason = trace.held.reason {
      parts.append("what is unacknowledged is not known: \(reason)")
    }
    switch trace.workers {
    case .unavailable(let reason): parts.append("no worker was asked: \(reason)")
    case .value(let asked) where asked.silent > 0:
      parts.append("\(asked.silent) of \(asked.receivers) workers did not answer")
    case .value: break
    }
    if let reason = trace.result.reason { parts.append("its result is not known: \(reason)") }
    return parts.joined(separator: "; ")
  }

  /// Only who has looked everywhere may say that it is nowhere.
  private var unmetInQueues: String? {
    trace.waiting.value.map { _ in
      trace.queueSearch.isWhole ? "it waits in no queue" : "it was met in no queue"
    }
  }

  /// What is acknowledged early is not held in Redis, so that only workers know of it.
  private var unmetOnWorkers: String? {
    let isUnheld = trace.held.value != nil && trace.heldSearch.isWhole
    if let asked = trace.workers.value, asked.silent == 0 {
      if isUnheld { return "no worker holds it" }
      if !asked.answered.isEmpty { return "no worker that answers knows it" }
    }
    if isUnheld { return "no worker holds it unacknowledged" }
    return trace.held.value.map { _ in "it was met among no unacknowledged messages" }
  }

  private var unmetInResults: String? {
    trace.result.value.map { _ in "nothing is stored of it" }
  }

  // MARK: Its message

  private var waiting: [PageBlock] {
    guard case .value(let messages) = trace.waiting, !messages.isEmpty else {
      return gaps("In a queue", trace.waiting.reason, trace.queueSearch)
    }
    return messages.flatMap { waiting -> [PageBlock] in
      var facts = [PageFact("queue", waiting.queue)]
      if waiting.step != 0 { facts.append(PageFact("priority step", "\(waiting.step) (0 first)")) }
      facts.append(PageFact("taken before it", waiting.ahead.grouped))
      return [.heading("In a queue"), .facts(facts + self.facts(of: waiting.message))]
    }
  }

  private var held: [PageBlock] {
    guard case .value(let messages) = trace.held, !messages.isEmpty else {
      return gaps("Held unacknowledged", trace.held.reason, trace.heldSearch)
    }
    return messages.flatMap { held -> [PageBlock] in
      let message = held.message.value.map { facts(of: $0) } ?? []
      return [
        .heading("Held unacknowledged"),
        .facts([PageFact("queue", held.queue)] + delivery(held) + message),
      ]
    }
  }

  /// When it was handed out, and when Redis does so again.
  private func delivery(_ held: UnackedMessage) -> [PageFact] {
    guard let delivered = held.deliveredAt else { return [.unknown("delivered")] }
    let source =
      switch trace.visibilityTimeoutSource {
      case .given: "as given"
      case .worker: "as a worker is configured"
      case .assumed: "kombu's own, as nobody says otherwise"
      }
    let again = delivered + trace.visibilityTimeout
    let comesTwice = held.message.value?.eta.map { $0 > again } ?? false
    return [
      PageFact("delivered", moments.full(delivered, now: trace.lookedAt)),
      PageFact(
        Redelivery.name,
        moments.full(again, now: trace.lookedAt)
          + (comesTwice ? ", before its eta: it will run more than once" : ", unless acknowledged"),
        comesTwice || again < trace.lookedAt ? .warning : .text),
      PageFact("visibility timeout", "\(trace.visibilityTimeout.text), \(source)"),
    ]
  }

  private func facts(of message: MessageFacts) -> [PageFact] {
    func moment(_ name: String, _ at: Timestamp?) -> PageFact? {
      at.map { PageFact(name, moments.full($0, now: trace.lookedAt)) }
    }
    let facts: [PageFact?] = [
      message.task.map { PageFact("task", $0) } ?? .unknown("task"),
      message.argumentsText.map { PageFact("arguments", $0) },
      message.keywordArgumentsText.map { PageFact("keywords", $0) },
      PageFact("attempts before", "\(message.retries)"), moment("eta", message.eta),
      moment("expires", message.expires),
      message.hardLimit.map { PageFact("hard limit", $0.text) },
      message.softLimit.map { PageFact("soft limit", $0.text) },
      message.origin.map { PageFact("published by", $0) },
      message.redelivered ? PageFact("redelivered", "yes", .warning) : nil,
      PageFact("size", message.size.text),
    ]
    return facts.compactMap(\.self)
  }

  /// What was not looked at, or could not be.
  private func gaps(_ title: String, _ reason: String?, _ search: SearchExtent) -> [PageBlock] {
    let lines = (reason.map { [$0] } ?? []) + search.omissions
    guard !lines.isEmpty else { return [] }
    return [.heading(title)] + lines.map { .line(StyledLine("  ? \($0)", .unknown)) }
  }

  // MARK: Workers

  private var runs: [WorkerRun] { trace.workers.value?.runs ?? [] }

  private var workers: [PageBlock] {
    switch trace.workers {
    case .unavailable(let reason):
      return [.heading("Workers"), .facts([.unknown("workers", "not asked: \(reason)")])]
    case .value(let asked):
      let blocks: [PageBlock] = asked.runs.flatMap { run -> [PageBlock] in
        [.heading("On \(run.worker)"), .facts(facts(of: run) + terms(of: run))]
      }
      guard asked.silent > 0 else { return blocks }
      let silent =
        "  ? \(asked.silent) of \(asked.receivers) workers did not answer: it may be on one of them"
      return blocks + [.heading("Workers"), .line(StyledLine(silent, .unknown))]
    }
  }

  private func facts(of run: WorkerRun) -> [PageFact] {
    let facts: [PageFact?] = [
      PageFact("stage", run.stage.words), run.task.map { PageFact("task", $0) },
      run.startedAt.map { PageFact("started", moments.full($0, now: trace.lookedAt)) },
      run.processID.map { PageFact("pid of its process", "\($0)") },
      run.acknowledged.map { Redelivery.acknowledged($0) },
      run.queue.map { PageFact("queue", $0) },
      run.redelivered == true ? PageFact("redelivered", "yes", .warning) : nil,
      run.argumentsText.map { PageFact("arguments", $0) },
      run.keywordArgumentsText.map { PageFact("keywords", $0) },
    ]
    return facts.compactMap(\.self)
  }

  /// The limits in force, and what becomes of its message.
  private func terms(of run: WorkerRun) -> [PageFact] {
    let message = trace.held.value?.lazy.compactMap(\.message.value).first
    let known = trace.informed.first { $0.id.name == run.worker }
    let limits =
      known.map { TaskLimits(of: run.task, on: $0, message: message) } ?? TaskLimits()
    let length = run.stage == .active ? run.startedAt.map { age($0) } : nil
    var facts = LimitText.facts(limits, after: length)
    let isCalled = [limits.hardSource, limits.softSource].contains(.message)
    if message == nil, !isCalled {
      facts.append(
        .unknown("limits given with the call", "its message is gone; they would come first"))
    }
    if run.acknowledged == true { facts.append(Redelivery.never) }
    return facts
  }

  private var registered: [PageBlock] {
    let messages =
      (trace.waiting.value ?? []).map(\.message)
      + (trace.held.value ?? []).compactMap(\.message.value)
    guard let name = trace.task,
      let audit = TaskAudit(
        of: name, on: trace.informed, messages: messages, visibility: trace.visibilityTimeout)
    else { return [] }
    return [.heading("As registered"), .facts(AuditPage.options(audit))]
  }

  // MARK: Result

  private var result: [PageBlock] {
    switch trace.result {
    case .unavailable(let reason):
      return [.heading("Result"), .facts([.unknown("result", reason)])]
    case .value(nil): return []
    case .value(let result?):
      return [.heading("Result"), .facts(facts(of: result))]
        + (result.traceback.map { [.heading("Traceback"), .prose(Self.code($0))] } ?? [])
    }
  }

  private func facts(of result: TaskResult) -> [PageFact] {
    let cut = result.isWhole ? "" : ", of which only the ends were read"
    let facts: [PageFact?] = [
      result.state.map { PageFact("state", $0, result.state == "FAILURE" ? .critical : .text) }
        ?? .unknown("state", "it is no JSON, or is cut"),
      result.doneAt.map { PageFact("done", moments.full($0, now: trace.lookedAt)) },
      result.exceptionClass.map { PageFact("exception", $0) },
      result.exceptionText.map { PageFact("message", $0) },
      result.valueText.map { PageFact("value", $0) },
      PageFact("size", result.size.text + cut),
      result.timeToLive.map { PageFact("expires", "in \($0.text)") }
        ?? PageFact("expires", "never", .warning),
      result.task.map { PageFact("task", $0) }, result.worker.map { PageFact("worker", $0) },
      result.queue.map { PageFact("queue", $0) },
      result.retries.map { PageFact("attempts before", "\($0)") },
      result.argumentsText.map { PageFact("arguments", $0) },
      result.keywordArgumentsText.map { PageFact("keywords", $0) },
      result.parentID.map { PageFact("parent", $0) }, result.groupID.map { PageFact("group", $0) },
      result.children.flatMap { $0 > 0 ? PageFact("tasks it has called", $0.grouped) : nil },
    ]
    return facts.compactMap(\.self)
  }

  private static func code(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { "    " + $0 }.joined(separator: "\n")
  }

  // MARK: What happened when

  private var history: [PageBlock] {
    var moments: [(Timestamp, String)] = []
    for held in trace.held.value ?? [] {
      if let at = held.deliveredAt { moments.append((at, "delivered out of queue \(held.queue)")) }
      if let eta = held.message.value?.eta { moments.append((eta, "its eta")) }
      if let end = held.message.value?.expires { moments.append((end, "it expires")) }
    }
    for waiting in trace.waiting.value ?? [] {
      if let eta = waiting.message.eta { moments.append((eta, "its eta")) }
      if let end = waiting.message.expires { moments.append((end, "it expires")) }
    }
    for run in runs {
      if let at = run.startedAt { moments.append((at, "started on \(run.worker)")) }
    }
    if let result = trace.result.value ?? nil, let at = result.doneAt {
      moments.append((at, "\(result.state ?? "a result") stored"))
    }
    guard moments.count > 1 else { return [] }
    let ordered = moments.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    return [
      .heading("In order"),
      .facts(ordered.map { PageFact(self.moments.near($0.0, now: trace.lookedAt), $0.1) }),
    ]
  }

  /// How far was looked, where something was found all the same.
  private var limits: [PageBlock] {
    let looked = trace.queueSearch.looked + trace.heldSearch.looked
    guard looked > 0 else { return [] }
    return [
      .heading("Looked at"),
      .facts([
        PageFact("messages in queues", extent(trace.queueSearch)),
        PageFact("unacknowledged messages", extent(trace.heldSearch)),
      ]),
    ]
  }

  private func extent(_ search: SearchExtent) -> String {
    "\(search.looked.grouped) of \(search.total.grouped)"
  }

  private func age(_ moment: Timestamp) -> Seconds { max(.zero, trace.lookedAt - moment) }
}

extension WorkerRun.Stage {
  fileprivate var words: String {
    switch self {
    case .active: "running"
    case .reserved: "waiting for a free slot"
    case .scheduled: "waiting for its eta"
    case .ready: "known, at no stage it names"
    }
  }
}

extension TaskResult {
  /// No later state follows.
  fileprivate var isFinal: Bool {
    state.map { ["SUCCESS", "FAILURE", "REVOKED"].contains($0) } ?? false
  }
}
