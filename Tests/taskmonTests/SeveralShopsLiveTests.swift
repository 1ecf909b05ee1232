import Foundation
import TaskmonTestSupport
import Testing

/// Several installations of Celery on one Redis: each is seen alone, and the others are named.
@Suite("Several installations on one server", .tags(.live))
struct SeveralShopsLiveTests {
  /// One installation and what only it has.
  struct Shop: Sendable {
    let name: String
    let database: Int
    let prefix: String
    let orders: Int

    var options: [String: JSON] { prefix.isEmpty ? [:] : ["global_keyprefix": .text(prefix)] }
    var flags: [String] {
      prefix.isEmpty ? [] : ["--key-prefix", prefix, "--result-key-prefix", prefix]
    }
  }

  private static let shops = [
    Shop(name: "plain", database: 0, prefix: "", orders: 3),
    Shop(name: "prefixed", database: 0, prefix: "shop1_", orders: 5),
    Shop(name: "numbered", database: 1, prefix: "", orders: 7),
  ]

  /// A worker that has stored results, and a queue that nobody consumes.
  private func open(_ shop: Shop, on redis: RedisServer) async throws -> CeleryFleet {
    let url = try redis.tcpURL(database: shop.database)
    let options = try JSON.object(shop.options).written
    let fleet = try await CeleryFleet(
      broker: url, variables: ["TRANSPORT": options, "RESULT_TRANSPORT": options])
    _ = try await KombuSizes(
      url: url, options: shop.options, queues: ["\(shop.name)-orders": [shop.orders]]
    ).publish(fleet)
    _ = try await fleet.worker("shop", node: "w@\(shop.name)", as: "w", queues: "celery")
    _ = try await fleet.output(of: "shop.py", ["2"])
    return fleet
  }

  @Test("each is seen alone: its workers, queues and results", .timeLimit(.minutes(4)))
  func notMixed() async throws {
    let redis = try await RedisServer(tcp: true)
    var fleets: [CeleryFleet] = []
    for shop in Self.shops { fleets.append(try await open(shop, on: redis)) }
    let taskmon = try Taskmon()
    for shop in Self.shops {
      let serving = try await Serving(
        ["--broker", try redis.tcpURL(database: shop.database), "--inspect-interval", "1s"]
          + shop.flags, taskmon: taskmon)
      try await eventually(within: 60, "\(shop.name) as a whole") {
        let text = try serving.get("/metrics").body
        let length = "{queue_name=\"\(shop.name)-orders\"} \(shop.orders)\n"
        return text.contains("celery_queue_length\(length)")
          && text.contains("celery_worker_pool_size{worker=\"w@\(shop.name)\"} 1\n")
          && stored(shop, redis) == results(in: text)
      }
      let text = try serving.get("/metrics").body
      for other in Self.shops where other.name != shop.name {
        #expect(!text.contains("w@\(other.name)\""), "\(other.name) in \(shop.name)")
        #expect(!text.contains("\(other.name)-orders"), "\(other.name) in \(shop.name)")
      }
      #expect(try await serving.stop() == .exit(0))
    }
    try await expectNamed(redis, taskmon)
    _ = fleets
  }

  /// The results there are, when nothing is written any more.
  private func stored(_ shop: Shop, _ redis: RedisServer) -> Int? {
    try? redis.command(
      "KEYS", "\(shop.prefix)celery-task-meta-*", database: shop.database
    ).array?.count
  }

  private func results(in text: String) -> Int {
    text.matches(of: #/celery_results\{[^}]*\} (\d+)/#).reduce(0) { $0 + (Int($1.output.1) ?? 0) }
  }

  private func expectNamed(_ redis: RedisServer, _ taskmon: Taskmon) async throws {
    let url = try redis.tcpURL()
    let plain = try await taskmon.run(["doctor", "--broker", url])
    let elsewhere = plain.outputText.split(separator: "\n").first { $0.contains("elsewhere") } ?? ""
    #expect(elsewhere.contains("not looked at: "), "\(plain.outputText)")
    #expect(elsewhere.contains("db 1 ("), "\(elsewhere)")
    #expect(elsewhere.contains("behind the key prefix shop1_ (--key-prefix)"), "\(elsewhere)")
    let prefixed = try await taskmon.run(["doctor", "--broker", url, "--key-prefix", "shop1_"])
    #expect(prefixed.outputText.contains("uses db 0 under the key prefix shop1_"))
    #expect(prefixed.outputText.contains("exchanges without a key prefix"))

    let nobody = try await taskmon.check(
      ["--broker", url, "--key-prefix", "nobody_", "--observe", "20s"])
    #expect(nobody.status == 3)
    let gate = nobody.document.unknown.first { $0.rule == "no-celery-here" }?.missing ?? ""
    #expect(gate.contains("no Celery in db 0 under the key prefix \"nobody_\""), "\(gate)")
    #expect(gate.contains("without a key prefix") && gate.contains("shop1_ (--key-prefix)"))
    let empty = try await taskmon.check(
      ["--broker", try redis.tcpURL(database: 2), "--observe", "20s"])
    #expect(empty.status == 3)
    let other = empty.document.unknown.first { $0.rule == "no-celery-here" }?.missing ?? ""
    #expect(other.contains("db 0 (") && other.contains("db 1 ("), "\(other)")
    #expect(other.contains("Celery speaks in db 0"), "\(other)")
    #expect(other.contains("Celery speaks in db 0, --key-prefix shop1_"), "\(other)")
  }
}
