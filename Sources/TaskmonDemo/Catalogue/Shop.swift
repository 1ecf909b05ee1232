import CeleryProtocol
import TaskmonUnits

/// What the simulated shop does all day: its queues, its tasks and its periodic schedule.
package struct Shop: Sendable {
  package let queues: [String]
  package var kinds: [TaskKind]
  var schedule: [RedBeatEncoder.Entry]

  /// A shop with so many queues, at least one and at most 64.
  package init(queues count: Int) {
    let bounded = min(max(1, count), 64)
    let names = (0..<bounded).map { Shop.queueName($0) }
    queues = names
    kinds = Shop.allKinds(queues: names)
    schedule = Shop.periodic()
  }

  func kind(_ name: String) -> TaskKind? { kinds.first { $0.name == name } }

  private static func queueName(_ index: Int) -> String {
    let names = ["celery", "emails", "billing", "reports", "search", "images", "webhooks", "audit"]
    return index < names.count ? names[index] : "queue-\(index + 1)"
  }

  /// Each task in its queue, or in the first where the shop is too small to have that queue.
  private static func allKinds(queues: [String]) -> [TaskKind] {
    let home = { (queue: String) in queues.contains(queue) ? queue : "celery" }
    let further = queues.dropFirst(4).map { queue in
      TaskKind(
        "\(queue).process", queue: queue, weight: 1, runtime: 0.02...0.2,
        arguments: { random in [.whole(random.whole(1...99_999))] })
    }
    return stock + mail(home("emails")) + money(home("billing")) + paper(home("reports")) + further
  }

  private static let stock = [
    TaskKind(
      "shop.update_stock", queue: "celery", priorities: [0, 0, 3, 6, 9], hardLimit: 30,
      softLimit: 20, weight: 9, runtime: 0.01...0.06,
      arguments: { random in [.whole(random.whole(1000...9999)), .whole(random.whole(1...5))] }),
    TaskKind(
      "shop.reindex_product", queue: "celery", priorities: [6], weight: 3, runtime: 0.05...0.3,
      arguments: { random in [.whole(random.whole(1000...9999))] }),
    TaskKind("shop.expire_carts", queue: "celery", runtime: 0.02...0.08),
  ]

  private static func mail(_ queue: String) -> [TaskKind] {
    [
      TaskKind(
        "emails.send", queue: queue, weight: 4, runtime: 0.05...0.25, retryChance: 0.02,
        arguments: { random in [.string("order-\(random.whole(10_000...99_999))")] }),
      TaskKind(
        "emails.remind", queue: queue, weight: 0.4, runtime: 0.05...0.2, delay: 5...20,
        arguments: { random in [.string("cart-\(random.whole(10_000...99_999))")] }),
      TaskKind("emails.flush_outbox", queue: queue, runtime: 0.03...0.1),
    ]
  }

  private static func money(_ queue: String) -> [TaskKind] {
    [
      TaskKind(
        "billing.charge", queue: queue, hardLimit: 45, softLimit: 30, acksLate: true,
        ignoresResult: false, weight: 2, runtime: 0.1...0.5, retryChance: 0.03,
        arguments: { random in [.string("inv-\(random.whole(10_000...99_999))")] },
        result: { random in
          ["status": "paid", "reference": .string("ch_\(random.whole(100_000...999_999))")]
        }),
      TaskKind(
        "billing.sync", queue: queue, ignoresResult: false, weight: 0.5, runtime: 0.2...0.6,
        failureChance: 0.01, arguments: { random in [.whole(random.whole(1...400))] },
        result: { random in .whole(random.whole(0...40)) }),
      TaskKind("billing.refresh_rates", queue: queue, runtime: 0.05...0.2),
    ]
  }

  private static func paper(_ queue: String) -> [TaskKind] {
    [
      TaskKind(
        "reports.render", queue: queue, ignoresResult: false, weight: 0.8, runtime: 0.4...2.4,
        arguments: { random in [.string("daily"), .whole(random.whole(1...60))] },
        result: { random in
          ["rows": .whole(random.whole(20...4000)), "file": "s3://reports/daily.csv"]
        }),
      TaskKind(
        "reports.export", queue: queue, ignoresResult: false, runtime: 0.8...1.6,
        arguments: { random in [.string("orders"), .whole(random.whole(2020...2025))] }),
    ]
  }

  private static func periodic() -> [RedBeatEncoder.Entry] {
    let options = [JSONMember("expires", 30)]
    return [
      RedBeatEncoder.Entry(
        name: "expire-carts", task: "shop.expire_carts", arguments: [], options: options,
        every: .seconds(5)),
      RedBeatEncoder.Entry(
        name: "flush-outbox", task: "emails.flush_outbox", arguments: [], options: options,
        every: .seconds(2)),
      RedBeatEncoder.Entry(
        name: "refresh-rates", task: "billing.refresh_rates", arguments: ["EUR"],
        options: options, every: .seconds(3)),
    ]
  }
}
