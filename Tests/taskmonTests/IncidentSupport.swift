import Foundation
import Synchronization
import TaskmonTestSupport
import Testing

/// A small shop at work on real Celery, with `taskmon serve` looking on.
final class Harbour: Sendable {
  static let unreachable = "critical broker-unreachable broker"

  let fleet: CeleryFleet
  let worker: FleetMember
  let trade: FleetMember
  let serving: Serving
  let vigil: Vigil

  /// Returns when 20 results are stored, the given reminders sent, and orders come in.
  init(broker: String, queues: String = "celery", reminders: Int = 0) async throws {
    fleet = try await CeleryFleet(broker: broker)
    worker = try await fleet.worker("incidents", node: "w1@harbour", as: "w1", queues: queues)
    trade = try await fleet.program("incidents.py", ["240", "\(reminders)"], as: "trade")
    try await trade.says("OPEN")
    serving = try await Serving(["--broker", broker], taskmon: try Taskmon())
    vigil = Vigil(serving)
  }

  /// Waits until all is seen that an incident could take away.
  func isSeen(workers: Int = 1, unacked: Int = 0) async throws {
    try await eventually(within: 120, "results, workers, unacknowledged and their queues") {
      let page = Page(try self.serving.get("/metrics").body)
      let healthy = Set(try self.vigil.document().healthy)
      return page.sum("celery_results").isAtLeast(20)
        && page.sum("celery_worker_alive") == Double(workers)
        && page.sum("celery_unacked_messages") == Double(unacked)
        && healthy.isSuperset(of: ["broker-flushed", "broker-unreachable", "no-celery-here"])
    }
  }

  /// Waits for a finding, a minute at most, and gives it.
  func finds(_ headline: String) async throws -> HealthReading.Finding {
    try await eventuallyValue(within: 60, headline) {
      try self.vigil.document().findings.first { $0.headline == headline }
    }
  }

  /// Runs `accident` with no task on its way, so that it hits Redis alone; gives its beginning.
  @discardableResult
  func inQuiet(
    _ others: [FleetMember] = [], _ accident: () async throws -> Void
  ) async throws -> ContinuousClock.Instant {
    let busy = [trade] + others
    for one in busy { one.suspend() }
    try await pass(seconds: 1)
    let began = ContinuousClock.now
    try await accident()
    for one in busy { one.resume() }
    return began
  }

  /// The worker has connected again.
  func isBack(_ member: FleetMember) async throws {
    try await eventually(within: 120, "\(member.name) connects again") {
      member.log.components(separatedBy: "] Connected to ").count > 2
    }
  }
}

/// Reads the document of a `serve` twice a second and keeps all it alarms about, in order.
final class Vigil: Sendable {
  private let book: Book
  private let task: Task<Void, Never>

  private final class Book: Sendable {
    private let serving: Serving
    private let noted = Mutex<[[HealthReading.Finding]]>([])
    private let beginnings = Mutex<[String: ContinuousClock.Instant]>([:])

    init(_ serving: Serving) { self.serving = serving }

    var phases: [[HealthReading.Finding]] { noted.withLock { $0 } }

    func beginning(of headline: String) -> ContinuousClock.Instant? {
      beginnings.withLock { $0[headline] }
    }

    /// One reader at a time, so that no older document is noted after a newer one.
    func read() throws -> HealthReading {
      try noted.withLock { phases in
        let document = try serving.health()
        beginnings.withLock { known in
          for headline in document.headlines where known[headline] == nil { known[headline] = .now }
        }
        let alarms = document.findings.filter { $0.severity != "info" }
        if !alarms.isEmpty, phases.last?.map(\.headline) != alarms.map(\.headline) {
          phases.append(alarms)
        }
        return document
      }
    }
  }

  init(_ serving: Serving) {
    let book = Book(serving)
    self.book = book
    task = Task.detached {
      while !Task.isCancelled {
        _ = try? book.read()
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  deinit { task.cancel() }

  /// The document of this moment, which is noted as well.
  func document() throws -> HealthReading { try book.read() }

  /// Waits for what the zoo has of a rule: it must be told, with its evidence, within a minute of
  /// when it could be seen first.
  @discardableResult
  func finds(
    _ rule: String, since visible: ContinuousClock.Instant
  ) async throws -> HealthReading.Finding {
    let wanted = try Zoo.of(rule)
    let finding = try await eventuallyValue(within: 200, wanted.found) {
      try self.document().findings.first { $0.headline == wanted.found }
    }
    let latency = (book.beginning(of: wanted.found) ?? .now) - visible
    print("\(wanted.found): told after \(latency)")
    #expect(latency <= Self.patience, "\(wanted.found) after \(latency)")
    for key in wanted.evidence {
      let value = finding.evidence[key] ?? .null
      #expect(value != .null && value != .list([]), "\(wanted.found): no \(key)")
    }
    return finding
  }

  static let patience: Duration = .seconds(60)

  /// What was told at warning and above, each change of it; moments without are left out.
  var phases: [[String]] { book.phases.map { $0.map(\.headline).sorted() } }

  /// The same with all that was said.
  var details: String {
    book.phases.map { $0.map { "\($0.headline): \($0.message) \($0.evidence)" } }.description
  }
}

/// The numbers of an exposition.
struct Page {
  private let lines: [Substring]

  init(_ text: String) { lines = text.split(separator: "\n") }

  /// The sum over all series of a name; nil where there is none.
  func sum(_ name: String) -> Double? {
    let values = lines.compactMap { line -> Double? in
      guard line.hasPrefix(name), let next = line.dropFirst(name.count).first,
        next == " " || next == "{", let value = line.split(separator: " ").last
      else { return nil }
      return Double(value)
    }
    return values.isEmpty ? nil : values.reduce(0, +)
  }
}

extension Double? {
  /// Known, and no less.
  func isAtLeast(_ least: Double) -> Bool {
    switch self {
    case .some(let value): value >= least
    case .none: false
    }
  }
}

extension JSON? {
  /// A number, and no less.
  func isAtLeast(_ least: Double) -> Bool { flatMap(\.number).isAtLeast(least) }
}

extension RedisServer {
  /// A number of `INFO`.
  func number(_ field: String) throws -> Int {
    let text = try command("INFO").text ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(field):") }
    guard let line, let value = Int(line.dropFirst(field.count + 1)) else {
      throw SupportError("INFO without \(field)")
    }
    return value
  }

  /// Adds results of 16 KiB, which expire in an hour, until this share of maxmemory is in use.
  func fill(to share: Double) throws {
    let limit = Double(try number("maxmemory"))
    while true {
      let missing = share * limit - Double(try number("used_memory"))
      guard missing > 0 else { return }
      try Plant.results(count: Int(missing / 24_000) + 1, bytes: 16_000, in: self)
    }
  }

  /// Adds such results until Redis has thrown away at least so many keys.
  func fill(untilEvicted keys: Int) throws {
    for _ in 0..<1000 {
      guard try number("evicted_keys") < keys else { return }
      try Plant.results(count: 20, bytes: 16_000, in: self)
    }
    throw SupportError("nothing was evicted")
  }
}
