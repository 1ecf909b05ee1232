import TaskmonModel
import TaskmonUnits

/// Why something is not sent yet.
struct ControlComplaint: Error, Sendable, Equatable {
  var text: String

  init(_ text: String) { self.text = text }
}

/// Turns what was named and typed into an action, or says what is wrong with it.
struct ControlForm {
  let dialog: ControlDialog
  let facts: ControlFacts

  init(_ dialog: ControlDialog, _ facts: ControlFacts) {
    self.dialog = dialog
    self.facts = facts
  }

  static let longestID = 255
  static let mostSlots = 1000

  func action() throws(ControlComplaint) -> ControlAction {
    switch dialog.verb {
    case .revoke:
      return .revoke(id: try id(), terminates: false, workers: try living())
    case .terminate:
      let id = try id()
      try refuseOtherPools()
      return .revoke(id: id, terminates: true, workers: try living())
    case .shutDown:
      let found = facts.up(named: dialog.text(.worker)).map(\.id)
      guard !found.isEmpty else { throw ControlComplaint("it is not up as far as is known") }
      return .shutDown(found)
    case .purge: return .purge(queue: try purged())
    case .rateLimit:
      let (task, rate) = (try task(), try rate())
      return .rateLimit(task: task, rate: rate, workers: try recipients.get())
    case .timeLimit: return try timeLimit()
    case .growPool:
      return .growPool(by: try count(), workers: try recipients.get())
    case .shrinkPool: return try shrinkPool()
    case .addConsumer:
      return .addConsumer(queue: try queue(), workers: try recipients.get())
    case .cancelConsumer: return try cancelConsumer()
    }
  }

  /// Node names of those that are told.
  var recipients: Result<[String], ControlComplaint> {
    Result { () throws(ControlComplaint) in
      let living = try living()
      let words = dialog.text(.workers).split { $0 == " " || $0 == "," }.map(String.init)
      guard !words.isEmpty else { throw ControlComplaint("name a worker, or all") }
      if words == [ControlField.everybody] { return living }
      if let stranger = words.first(where: { !living.contains($0) }) {
        throw ControlComplaint("no worker that is up is called \(stranger)")
      }
      return Array(Set(words)).sorted()
    }
  }

  private func living() throws(ControlComplaint) -> [String] {
    let living = facts.living
    guard !living.isEmpty else { throw ControlComplaint("no worker is known to be up") }
    return living
  }

  // MARK: Tasks

  private func id() throws(ControlComplaint) -> String {
    let id = dialog.text(.id)
    guard !id.isEmpty else { throw ControlComplaint("type the id of a task") }
    guard id.utf8.count <= Self.longestID, !id.contains(" ") else {
      throw ControlComplaint("that is no id of a task")
    }
    return id
  }

  private func refuseOtherPools() throws(ControlComplaint) {
    for run in facts.runs {
      guard let pool = facts.pool(of: run) else { continue }
      switch pool {
      case .prefork, .gevent, .eventlet, .other: continue
      case .threads, .solo:
        throw ControlComplaint(
          "\(run.worker.name) runs a \(pool.rawValue) pool, which cannot end a task that runs")
      }
    }
  }

  /// A name that no worker has registered is a slip, where all of them have told.
  private func task() throws(ControlComplaint) -> String {
    let name = dialog.text(.task)
    guard !name.isEmpty else { throw ControlComplaint("type the name of a task") }
    let told = facts.up.map { $0.registered.value?.map(\.name) }
    guard told.contains(nil) || told.contains(where: { $0?.contains(name) == true }) else {
      throw ControlComplaint("no worker that is up has registered \(name)")
    }
    return name
  }

  private func rate() throws(ControlComplaint) -> String {
    let text = dialog.text(.rate)
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, let number = Double(first), number.isFinite, number >= 0,
      first.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
      parts.count == 1 || (parts.count == 2 && ["s", "m", "h"].contains(parts[1]))
    else { throw ControlComplaint("a rate is 10/s, 100/m or 2/h, and 0 is none") }
    return text
  }

  private func timeLimit() throws(ControlComplaint) -> ControlAction {
    let task = try task()
    let (soft, hard) = (try limit(.soft), try limit(.hard))
    if let soft, let hard, soft >= hard {
      throw ControlComplaint("the soft limit must be below the hard one")
    }
    return .timeLimit(task: task, soft: soft, hard: hard, workers: try recipients.get())
  }

  private func limit(_ name: ControlField.Name) throws(ControlComplaint) -> Seconds? {
    let text = dialog.text(name)
    guard !text.isEmpty else { return nil }
    guard let limit = Seconds(text: text), limit > .zero else {
      throw ControlComplaint("the \(name.label) is a length such as 90s or 5m, or nothing")
    }
    return limit
  }

  // MARK: Workers and queues

  private func count() throws(ControlComplaint) -> Int {
    guard let count = Int(dialog.text(.count)), (1...Self.mostSlots).contains(count) else {
      throw ControlComplaint("type a number from 1 to \(Self.mostSlots)")
    }
    return count
  }

  /// A pool without a slot would run nothing.
  private func shrinkPool() throws(ControlComplaint) -> ControlAction {
    let (count, names) = (try count(), try recipients.get())
    for worker in facts.up where names.contains(worker.id.name) {
      guard let size = ControlFacts.size(worker) else {
        throw ControlComplaint(
          "how much \(worker.id.name) has is not known, and at least one must stay")
      }
      guard size.count > count else {
        throw ControlComplaint("\(worker.id.name) has \(size.text): at least one must stay")
      }
    }
    return .shrinkPool(by: count, workers: names)
  }

  private func queue() throws(ControlComplaint) -> String {
    let name = dialog.text(.queue)
    guard !name.isEmpty else { throw ControlComplaint("type the name of a queue") }
    return name
  }

  private func cancelConsumer() throws(ControlComplaint) -> ControlAction {
    let (queue, names) = (try queue(), try recipients.get())
    if case .value(let ids) = QueueConsumers.of(queue, facts.context) {
      let taking = names.filter { name in ids.contains { $0.name == name } }
      guard !taking.isEmpty else {
        throw ControlComplaint("none of these workers takes from \(queue)")
      }
      return .cancelConsumer(queue: queue, workers: taking)
    }
    return .cancelConsumer(queue: queue, workers: names)
  }

  private func purged() throws(ControlComplaint) -> String {
    let name = dialog.text(.queue)
    guard facts.queue != nil else { throw ControlComplaint("there is no queue \(name)") }
    guard dialog.text(.queueAgain) == name.unpadded else {
      throw ControlComplaint("type \(name) to have it emptied")
    }
    return facts.queue?.name ?? name
  }
}
