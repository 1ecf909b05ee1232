import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins what workers said by events and by replies; pure.
struct WorkerAssembly: Sendable {
  let events: EventExcerpt
  let book: InspectionBook
  /// Why workers are not asked, where they are not.
  let silence: String?

  /// By (name, pid): two workers may share a name.
  var workers: [WorkerFacts] {
    var found = events.workers.map { facts($0.key, $0.value) }
    let names = Set(events.workers.keys.map(\.name))
    let nameless = Set(events.workers.keys.filter { $0.pid == nil }.map(\.name))
    for (name, answers) in book.workers {
      let id = WorkerID(name: name, pid: answers.pid)
      let isHeard =
        events.workers[id] != nil || nameless.contains(name)
        || (answers.pid == nil && names.contains(name))
      guard !isHeard, answers.hasAnswered, let reply = answers.lastReply else { continue }
      var facts = WorkerFacts(id: id, firstHeard: answers.firstReply ?? reply)
      facts.owesReplySince = book.owes(name)
      take(answers, into: &facts)
      found.append(facts)
    }
    return found.sorted { $0.id < $1.id }
  }

  private func facts(_ id: WorkerID, _ record: WorkerRecord) -> WorkerFacts {
    let holding = events.holdings[id] ?? WorkerHolding()
    var facts = WorkerFacts(
      id: id, firstHeard: record.firstHeard, lastHeard: record.lastHeard,
      offlineSince: record.offlineSince, heartbeatInterval: record.state.frequency,
      active: record.state.active, processed: record.state.processed,
      loadAverage: record.state.loadAverage, softwareVersion: record.state.softwareVersion,
      sendsTaskEvents: record.sendsTaskEvents,
      owesReplySince: record.offlineSince == nil ? book.owes(id.name) : nil,
      prefetched: record.sendsTaskEvents == .value(true) ? holding.held : nil,
      oldestStart: events.oldestStarts[id], events: record.facts(holding: holding))
    if let answers = book.workers[id.name], answers.pid == nil || answers.pid == id.pid {
      take(answers, into: &facts)
    } else {
      explain(&facts)
    }
    return facts
  }

  private func take(_ answers: InspectionBook.Answers, into facts: inout WorkerFacts) {
    facts.lastReply = answers.lastReply
    // An answer of the process that had this name before is none.
    if answers.isOwn(.queues) {
      facts.queues = answers.queues
      facts.broadcasts = answers.broadcasts
      facts.queuesToldAt = answers.answeredStatics[.queues]?.at
    }
    if answers.isOwn(.registered) { facts.registered = answers.registered }
    if answers.isOwn(.conf) { facts.settings = answers.settings }
    facts.stats = answers.stats
    facts.activeReply = answers.active
    if facts.processed == nil, let totals = answers.stats.value?.totals {
      facts.processed = totals.values.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }
    explain(&facts)
  }

  /// Puts the reason why nothing is asked where an answer is missing; else the worker's own stands.
  private func explain(_ facts: inout WorkerFacts) {
    guard let reason = silence ?? facts.owesReplySince.map({ _ in "it owes an answer" }) else {
      return
    }
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
  fileprivate func isOwn(_ question: InspectionBook.Question) -> Bool {
    answeredStatics[question].map { $0.pid == pid } ?? true
  }
}
