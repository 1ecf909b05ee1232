import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins what workers said by events and by replies; pure.
struct WorkerAssembly: Sendable {
  let ledger: EventLedger
  let hearing: Hearing
  let book: InspectionBook
  /// Why workers are not asked, where they are not.
  let silence: String?

  /// By (name, pid): two workers may share a name.
  var workers: [WorkerFacts] {
    var found = ledger.workers.map { facts($0.key, $0.value) }
    let heard = Set(ledger.workers.keys)
    for (name, answers) in book.workers {
      let id = WorkerID(name: name, pid: answers.pid)
      let hasName = heard.contains { $0.name == name && (answers.pid == nil || $0.pid == nil) }
      guard !heard.contains(id), !hasName, answers.hasAnswered, let reply = answers.lastReply
      else { continue }
      var facts = WorkerFacts(id: id, firstHeard: reply)
      take(answers, into: &facts)
      found.append(facts)
    }
    return found.sorted { $0.id < $1.id }
  }

  private func facts(_ id: WorkerID, _ record: WorkerRecord) -> WorkerFacts {
    var facts = WorkerFacts(
      id: id, firstHeard: record.firstHeard, lastHeard: record.lastHeard,
      offlineSince: record.offlineSince, heartbeatInterval: record.state.frequency,
      active: record.state.active, processed: record.state.processed,
      loadAverage: record.state.loadAverage, softwareVersion: record.state.softwareVersion,
      sendsTaskEvents: record.sendsTaskEvents, owesReplySince: book.owing[id.name])
    facts.oldestStart = ledger.running.compactMap { ledger.tasks[$0] }
      .filter { $0.worker == id }.compactMap(\.startedAt).min()
    if let answers = book.workers[id.name], answers.pid == nil || answers.pid == id.pid {
      take(answers, into: &facts)
    } else {
      explain(&facts)
    }
    return facts
  }

  private func take(_ answers: InspectionBook.Answers, into facts: inout WorkerFacts) {
    facts.lastReply = answers.lastReply
    facts.queues = answers.isStatic(.queues) ? answers.queues : facts.queues
    facts.registered = answers.isStatic(.registered) ? answers.registered : facts.registered
    facts.settings = answers.isStatic(.conf) ? answers.settings : facts.settings
    facts.stats = answers.stats
    facts.activeReply = answers.active
    explain(&facts)
  }

  /// Puts the reason why nothing is asked where an answer is missing.
  private func explain(_ facts: inout WorkerFacts) {
    let reason =
      silence ?? (facts.owesReplySince == nil ? "not asked yet" : "it owes an answer")
    if facts.queues.value == nil { facts.queues = .unavailable(reason) }
    if facts.registered.value == nil { facts.registered = .unavailable(reason) }
    if facts.settings.value == nil { facts.settings = .unavailable(reason) }
    if facts.stats.value == nil { facts.stats = .unavailable(reason) }
    if facts.activeReply.value == nil { facts.activeReply = .unavailable(reason) }
  }
}

extension InspectionBook.Answers {
  /// Anything but a ping: beats with remote control answer pings as well.
  fileprivate var hasAnswered: Bool {
    stats.value != nil || active.value != nil || queues.value != nil
  }

  /// Whether the answer in hand is this process' and not its predecessor's.
  fileprivate func isStatic(_ question: InspectionBook.Question) -> Bool {
    answeredStatics[question].map { $0.pid == pid } ?? false
  }
}
