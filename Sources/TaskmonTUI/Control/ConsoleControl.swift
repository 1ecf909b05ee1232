import TaskmonModel

/// What the keys that act do: from the row under the cursor to a dialog, from that to an effect.
extension Console {
  /// More than an id, a node name or a task's name ever is.
  static let longestValue = 255

  mutating func act(_ verb: ControlVerb) -> [Effect] {
    if let obstacle = obstacle(to: verb) { return refuse(obstacle) }
    let target = controlTarget
    switch verb {
    case .revoke, .terminate: return chooseRun(verb, target)
    case .shutDown where target.worker == nil:
      return refuse("choose a worker first, in view \(ViewID.workers.rawValue)")
    case .purge where target.queue == nil:
      return refuse("choose a queue first, in view \(ViewID.queues.rawValue)")
    case .shutDown, .purge, .rateLimit, .timeLimit, .growPool, .shrinkPool, .addConsumer,
      .cancelConsumer:
      dialog = ControlDialog(.form, verb, on: target)
    }
    return []
  }

  mutating func offerMoreActions() -> [Effect] {
    if let obstacle = obstacle(to: nil) { return refuse(obstacle) }
    dialog = ControlDialog(.more, .rateLimit, on: controlTarget)
    return []
  }

  /// Why nothing can be done; nil where it can.
  private func obstacle(to verb: ControlVerb?) -> String? {
    guard followsClock else { return "this is a snapshot of another time: nothing can be done" }
    guard allowsControl else {
      return "this key acts only where it was allowed: taskmon top --allow-control"
    }
    guard let context = newestContext else { return "nothing is known yet" }
    // A full Redis is what a purge may be for.
    if verb != .purge, let reason = context.snapshot.inspection.suspended {
      return "workers can be told nothing: \(reason)"
    }
    return nil
  }

  /// What the row under the cursor, or the one whose page is open, is about.
  private var controlTarget: ControlTarget {
    var target = ControlTarget()
    guard let subject = openRow?.subject, let snapshot = data.snapshot else { return target }
    switch view {
    case .running:
      target.id = subject
      target.task = snapshot.running.value?.first { $0.id == subject }?.task
    case .workers: target.worker = subject
    case .tasks, .audit: target.task = subject
    case .queues:
      target.queue = subject
      let head = snapshot.queues.value?.first { $0.name == subject }?.head?.value
      (target.id, target.idIsProposal) = (head?.taskID, true)
    case .health, .beat, .results, .broker: break
    }
    return target
  }

  /// Of a worker or a task that has several runs, one is chosen first.
  private mutating func chooseRun(_ verb: ControlVerb, _ target: ControlTarget) -> [Effect] {
    var target = target
    if target.id == nil, target.worker != nil || target.task != nil {
      let ids = (newestContext?.snapshot.running.value ?? []).filter { run in
        target.worker.map { run.worker.name == $0 } ?? (run.task == target.task)
      }.map(\.id)
      if ids.count > 1 {
        dialog = ControlDialog(.runs(ids), verb, on: target)
        return []
      }
      target.id = ids.first
    }
    dialog = ControlDialog(.form, verb, on: target)
    return []
  }

  // MARK: Keys of the dialog

  mutating func answer(_ dialog: ControlDialog, _ key: Key) -> [Effect] {
    if dialog.isTyped { return type(key, into: dialog) }
    switch KeyMap.action(for: key, in: .menu) {
    case .back: self.dialog = nil
    case .choose: return choose(dialog)
    case .move(let lines): moveDialog(to: dialog.cursor + lines)
    case .page(let pages): moveDialog(to: dialog.cursor + pages * pageHeight)
    case .first: moveDialog(to: 0)
    case .last: moveDialog(to: .max)
    case _: break
    }
    return []
  }

  private mutating func moveDialog(to line: Int) {
    guard let dialog else { return }
    let last = choices(dialog).count - 1
    self.dialog?.cursor = min(max(0, line), max(0, last))
  }

  private mutating func type(_ key: Key, into dialog: ControlDialog) -> [Effect] {
    let typed = dialog.typed
    let at = min(dialog.cursor, typed.count - 1)
    var text = dialog.fields[typed[at]].text
    switch key {
    case .escape: self.dialog = nil
    case .enter: return send(dialog)
    case .tab, .down: self.dialog?.cursor = (at + 1) % typed.count
    case .shiftTab, .up: self.dialog?.cursor = (at + typed.count - 1) % typed.count
    case .character(let character):
      if text.count < Self.longestValue { text.append(character) }
      self.dialog?.write(text, at: typed[at])
    case .backspace:
      self.dialog?.write(String(text.dropLast()), at: typed[at])
    case .control("u"): self.dialog?.write("", at: typed[at])
    case .control, .left, .right, .pageUp, .pageDown, .home, .end, .function: break
    }
    return []
  }

  private mutating func choose(_ dialog: ControlDialog) -> [Effect] {
    switch dialog.stage {
    case .more:
      guard ControlVerb.more.indices.contains(dialog.cursor) else { return [] }
      self.dialog = ControlDialog(.form, ControlVerb.more[dialog.cursor], on: dialog.target)
      return []
    case .runs(let ids):
      guard ids.indices.contains(dialog.cursor) else { return [] }
      var target = dialog.target
      target.id = ids[dialog.cursor]
      self.dialog = ControlDialog(.form, dialog.verb, on: target)
      return []
    case .form:
      guard dialog.cursor > 0 else {
        self.dialog = nil
        return []
      }
      return send(dialog)
    }
  }

  /// Nothing is sent that is not complete.
  private mutating func send(_ dialog: ControlDialog) -> [Effect] {
    guard let context = newestContext else { return [.bell] }
    let form = ControlForm(dialog, ControlFacts(dialog: dialog, context: context))
    do throws(ControlComplaint) {
      let action = try form.action()
      self.dialog = nil
      message = ConsoleMessage(ControlSentence.begun(action))
      return [.control(action)]
    } catch {
      self.dialog?.complaint = error.text
      return [.bell]
    }
  }
}

extension ControlDialog {
  /// What is typed on answers the complaint.
  mutating func write(_ text: String, at field: Int) {
    guard fields.indices.contains(field) else { return }
    fields[field].text = text
    complaint = nil
  }
}
