import TaskmonUnits

/// How many workers of which kind it takes to run a shop with room to spare.
struct Staffing {
  private let shop: Shop
  private let count: Int
  private let rate: Double

  init(_ shop: Shop, _ options: DemoOptions) {
    self.shop = shop
    count = options.workers
    rate = options.tasksPerSecond
  }

  /// The last worker has threads and the slow reports, the others prefork and the rest.
  func workers(at now: Timestamp, random: inout DemoRandom) -> [DemoWorker] {
    (1...count).map { worker($0, at: now, random: &random) }
  }

  private static let slowQueue = "reports"

  private var splits: Bool { count > 1 && shop.queues.contains(Staffing.slowQueue) }

  private func worker(_ number: Int, at now: Timestamp, random: inout DemoRandom) -> DemoWorker {
    let isLast = number == count
    let slots = isLast ? threads : forks
    let pid = random.whole(2000...30_000)
    return DemoWorker(
      node: "celery@worker-\(number)", host: "worker-\(number)", pid: pid,
      pool: isLast ? .threads : .prefork, slots: slots,
      processes: isLast ? [] : (1...slots).map { pid + $0 * 2 },
      queues: isLast ? lastQueues : otherQueues, oid: random.uuid(version: 3), startedAt: now,
      nextHeartbeat: now + Seconds(random.between(0.1...2)))
  }

  private var lastQueues: [String] {
    splits ? [Staffing.slowQueue, "emails"] : shop.queues
  }

  private var otherQueues: [String] {
    splits ? shop.queues.filter { $0 != Staffing.slowQueue } : shop.queues
  }

  /// Slots busy on average with what goes to the queues that `include` names.
  private func busy(_ include: (String) -> Bool) -> Double {
    let total = shop.kinds.reduce(0) { $0 + $1.weight }
    return shop.kinds.filter { include($0.queue) }
      .reduce(0) { $0 + rate * $1.weight / max(total, 1) * $1.meanRuntime }
  }

  private var forks: Int {
    let load = busy { !splits || $0 != Staffing.slowQueue } / Double(max(1, count - 1))
    return min(max(4, Int((load * 3).rounded(.up))), 64)
  }

  private var threads: Int {
    let load = splits ? busy { $0 == Staffing.slowQueue } : busy { _ in true } / Double(count)
    return min(max(8, Int((load * 4).rounded(.up)) + 4), 64)
  }
}
