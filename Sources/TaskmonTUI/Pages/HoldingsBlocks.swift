import TaskmonModel
import TaskmonUnits

/// What a worker holds, in the parts of its page.
enum HoldingsBlocks {
  static func blocks(_ worker: WorkerFacts, _ context: ViewContext) -> [PageBlock] {
    guard let look = context.look, look.worker == worker.id else {
      let reason = WorkerState.of(worker, context).isUp ? "not asked" : "not asked: it is not there"
      return [
        .heading("Reserved, scheduled, revoked"), .line(StyledLine("  ? \(reason)", .unknown)),
      ]
    }
    guard let answer = look.answer else {
      return [.heading("Reserved, scheduled, revoked"), .line(StyledLine("  asking…", .dim))]
    }
    let age = context.age(answer.askedAt).text
    let note = look.isAsking ? ", asking again…" : ""
    let reasons = [answer.reserved.reason, answer.scheduled.reason, answer.revoked.reason]
    if let reason = reasons[0], reasons.allSatisfy({ $0 == reason }) {
      return [
        .heading("Reserved, scheduled, revoked"),
        .line(StyledLine("  ? \(reason)\(note)", .unknown)),
      ]
    }
    return held("Reserved, not begun", answer.reserved, "as told \(age) ago\(note)", context)
      + held("Scheduled, waiting for their eta", answer.scheduled, nil, context)
      + revoked(answer.revoked)
  }

  private static func held(
    _ title: String, _ held: Observation<HeldRequests>, _ note: String?, _ context: ViewContext
  ) -> [PageBlock] {
    switch held {
    case .unavailable(let reason):
      return [.heading(title), .line(StyledLine("  ? \(reason)", .unknown))]
    case .value(let held):
      let more = held.count - held.first.count
      let words = [
        held.count == 0 ? "none" : held.count.grouped,
        more > 0 ? "\(held.first.count.grouped) of them below" : nil, note,
      ].compactMap(\.self).joined(separator: ", ")
      let count = PageBlock.line(StyledLine("  \(words)", .dim))
      guard !held.first.isEmpty else { return [.heading(title), count] }
      return [.heading(title), count, .table(table(held.first, context))]
    }
  }

  private static func table(_ requests: [HeldRequest], _ context: ViewContext) -> Table {
    var columns: [Column<HeldRequest>] = [
      Column("TASK", .fit(10, 40), help: "name") { $0.task.map { TableCell($0) } ?? .unknown },
      Column("ID", .fit(8, 36), help: "task id") { TableCell($0.id) },
    ]
    if requests.contains(where: { $0.eta != nil }) {
      columns.append(
        Column("ETA", .fit(8, 11), .right, help: "not before") { request in
          request.eta.map {
            TableCell(context.moments.near($0, now: context.now), moment: $0)
          } ?? .none
        })
    }
    columns += [
      Column("QUEUE", .fit(6, 20), priority: 1, help: "where it came from") { request in
        request.queue.map { TableCell($0) } ?? .unknown
      },
      Column("AGAIN", .fixed(5), priority: 2, help: "handed out before") { request in
        request.redelivered.map { TableCell($0 ? "yes" : "no", $0 ? .warning : .dim) } ?? .unknown
      },
      Column("ARGUMENTS", .fill(10), help: "as Python prints them") { request in
        TaskText.arguments(request.argumentsText, request.keywordArgumentsText)
          .map { TableCell($0) } ?? .unknown
      },
    ]
    return Table(columns, requests, id: \.id)
  }

  private static func revoked(_ revoked: Observation<RevokedTasks>) -> [PageBlock] {
    let title = PageBlock.heading("Revoked, not to be run")
    switch revoked {
    case .unavailable(let reason): return [title, .line(StyledLine("  ? \(reason)", .unknown))]
    case .value(let revoked) where revoked.count == 0:
      return [title, .line(StyledLine("  none", .dim))]
    case .value(let revoked):
      let more = revoked.count > revoked.some.count ? ", …" : ""
      let ids = revoked.some.joined(separator: ", ") + more
      return [title, .facts([PageFact(revoked.count.grouped, ids)])]
    }
  }
}
