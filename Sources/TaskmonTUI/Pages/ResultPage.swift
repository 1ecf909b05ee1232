package import TaskmonModel
import TaskmonUnits

/// Everything about a task's results, about one result, or about a chord.
package enum ResultPage {
  package static func page(
    _ sizes: TaskResultSizes, of facts: ResultFacts, _ context: ViewContext
  ) -> Page {
    let average = sizes.count > 0 ? ByteCount(sizes.totalSize.value / Int64(sizes.count)) : nil
    var blocks: [PageBlock] = [
      .line(StyledLine()),
      .facts([
        PageFact("results", sizes.count.grouped), PageFact("bytes in all", sizes.totalSize.text),
        average.map { PageFact("average", $0.text) } ?? .unknown("average"),
        PageFact("largest", sizes.largest.text), PageFact("its id", sizes.largestID),
        PageFact("read", context.moments.full(facts.updatedAt, now: context.now)),
      ]),
    ]
    if facts.completedPasses == 0 {
      blocks.append(
        .line(StyledLine("  The first pass is under way: these are the least there are", .unknown)))
    }
    if !sizes.classes.isEmpty {
      blocks += [.heading("By size"), .table(Table(classColumns, rows(sizes), id: \.floor.text))]
    }
    let own = facts.largest.filter { ($0.task ?? TaskResultSizes.unknownTask) == sizes.task }
    if !own.isEmpty {
      blocks += [
        .heading("Among the largest of all"), .table(Table(resultColumns, own, id: \.taskID)),
      ]
    }
    return Page("results of \(sizes.task)", blocks)
  }

  /// All stored failures of one class.
  package static func page(
    failures name: String, of facts: ResultFacts, _ context: ViewContext
  ) -> Page {
    let count = facts.failures[name] ?? 0
    let all = facts.failures.values.reduce(0, +)
    return Page(
      "failures: \(name)",
      [
        .line(StyledLine()),
        .facts([
          PageFact("class of the exception", name), PageFact("stored failures", count.grouped),
          PageFact("of all failures", "\(share(count, of: all)) of \(all.grouped)"),
          PageFact("of all results", "\(share(count, of: facts.count)) of \(facts.count.grouped)"),
          PageFact("read", context.moments.full(facts.updatedAt, now: context.now)),
        ]),
        .heading("Note"),
        .prose(
          "Counted among the results that are stored now; they fall as results expire, and a task "
            + "that ignores its result leaves none. Only the name of the class is read, without "
            + "its module; ? are those where it could not be read, and beyond a number of classes "
            + "the rest are counted as other."),
      ])
  }

  private static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "?" }
    let percent = Double(part) / Double(whole) * 100
    return percent > 0 && percent < 1 ? "<1%" : "\(Int(percent.rounded()))%"
  }

  package static func page(_ result: StoredResult, _ context: ViewContext) -> Page {
    Page(
      "result \(result.taskID)",
      [
        .line(StyledLine()),
        .facts([
          PageFact("id", result.taskID),
          result.task.map { PageFact("task", $0) } ?? .unknown("task"),
          result.state.map { PageFact("state", $0) } ?? .unknown("state"),
          PageFact("size", result.size.text), lifetime(result.timeToLive),
        ]),
        .heading("Note"),
        .prose(
          "Known by its length, its time to live and its first and last bytes; it was never read "
            + "whole."),
      ])
  }

  package static func page(_ chord: ChordFacts, _ context: ViewContext) -> Page {
    Page(
      "chord \(chord.groupID)",
      [
        .line(StyledLine()),
        .facts([
          PageFact("group", chord.groupID),
          chord.task.map { PageFact("task of its parts", $0) } ?? .unknown("task of its parts"),
          PageFact("parts", chord.size.grouped), PageFact("done", chord.done.grouped),
          PageFact(
            "no part done since", context.moments.full(chord.unchangedSince, now: context.now)),
          lifetime(chord.timeToLive),
        ]),
        .heading("Note"),
        .prose(
          "The callback runs when the last part is done. A part that failed, or whose result is "
            + "ignored, is never counted: the chord then waits until its keys expire."),
      ])
  }

  /// For a column: how long it is still kept.
  static func expiry(_ left: Seconds?) -> TableCell {
    left.map { TableCell($0.compact, number: $0.value) }
      ?? TableCell("never", .warning, sort: .number(.infinity))
  }

  private static func lifetime(_ left: Seconds?) -> PageFact {
    left.map { PageFact("expires", "in \($0.text)") } ?? PageFact("expires", "never", .warning)
  }

  private static let resultColumns: [Column<StoredResult>] = [
    Column("ID", .fit(8, 64), help: "task id") { TableCell($0.taskID) },
    Column("STATE", .fit(7, 12), priority: 1, help: "as stored") { result in
      result.state.map { TableCell($0) } ?? .unknown
    },
    Column("SIZE", .fixed(8), .right, help: "bytes stored") { TableCell($0.size.compact) },
    Column("EXPIRES", .fixed(8), .right, priority: 2, help: "in so long") { result in
      expiry(result.timeToLive)
    },
  ]

  private struct ClassRow: Sendable {
    var floor: ByteCount
    var count: Int
    var total: ByteCount
    /// Its share of the results, from 0 to 1.
    var share: Double
  }

  private static func rows(_ sizes: TaskResultSizes) -> [ClassRow] {
    let most = sizes.classes.map(\.count).max() ?? 0
    return sizes.classes.map { part in
      ClassRow(
        floor: part.floor, count: part.count, total: part.totalSize,
        share: most > 0 ? Double(part.count) / Double(most) : 0)
    }
  }

  private static let classColumns: [Column<ClassRow>] = [
    Column("FROM", .fixed(9), .right, help: "up to twice this size") { TableCell($0.floor.text) },
    Column("RESULTS", .fit(7, 12), .right, help: "how many") { TableCell($0.count.grouped) },
    Column("BYTES", .fixed(9), .right, help: "in all") { TableCell($0.total.text) },
    Column("", .fixed(20), help: "how they compare") { row in
      let cells = Int((min(max(0, row.share), 1) * 20).rounded())
      return TableCell(String(repeating: "█", count: max(row.count > 0 ? 1 : 0, cells)), .info)
    },
  ]
}
