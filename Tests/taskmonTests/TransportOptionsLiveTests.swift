import Foundation
import TaskmonTestSupport
import Testing

/// Real workers with transport options of their own: their lists and channels are found.
@Suite("Custom transport options", .tags(.live))
struct TransportOptionsLiveTests {
  struct Shop: Sendable, CustomStringConvertible {
    let description: String
    let options: [String: JSON]
    let flags: [String]
  }

  private static let lists: [String: JSON] = [
    "sep": .text(":"), "priority_steps": .list([.number(0), .number(5)]),
  ]

  /// kombu itself takes what stands before an exchange away up to the first dot.
  static let shops = [
    Shop(description: "what a worker tells needs no flag", options: lists, flags: []),
    Shop(
      description: "a worker that is asked on its own channel tells the rest",
      options: lists.merging(["fanout_prefix": .flag(false)]) { $1 },
      flags: ["--fanout-prefix", "false"]),
    Shop(
      description: "all that can be said",
      options: lists.merging([
        "fanout_prefix": .text("/x{db}."), "fanout_patterns": .flag(false),
      ]) { $1 },
      flags: [
        "--sep", ":", "--priority-steps", "0,5", "--fanout-prefix", "/x{db}.",
        "--fanout-patterns", "false",
      ]),
  ]

  @Test("lengths are kombu's, events are heard and workers answer", .serialized, arguments: shops)
  func seen(_ shop: Shop) async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(
      broker: url, variables: ["TRANSPORT": try JSON.object(shop.options).written])
    let queues = ["orders": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]]
    let kombu = try await KombuSizes(url: url, options: shop.options, queues: queues)
      .publish(fleet)
    #expect(kombu == ["orders": 39])
    _ = try await fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery,mail")
    let serving = try await Serving(
      ["--broker", url, "--inspect-interval", "1s"] + shop.flags, taskmon: try Taskmon())
    _ = try await fleet.program("shop.py", ["60"], as: "producer")
    try await eventually(within: 60, "answers, events and lengths") {
      let text = try serving.get("/metrics").body
      return text.contains("celery_worker_pool_size{worker=\"w1@shop\"} 1\n")
        && text.contains("celery_worker_alive{worker=\"w1@shop\"} 1\n")
        && text.contains(#/taskmon_events_received_total [1-9]/#)
        && text.contains("celery_queue_priority_length{queue_name=\"orders\",priority=\"0\"} 14\n")
        && text.contains("celery_queue_priority_length{queue_name=\"orders\",priority=\"5\"} 25\n")
        && text.contains("celery_queue_length{queue_name=\"orders\"} 39\n")
    }
  }

  @Test("workers heard on a channel without a name are not asked unasked for; doctor says how")
  func unnamedChannel() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(
      broker: url, variables: ["TRANSPORT": #"{"fanout_prefix": false}"#])
    _ = try await fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery")
    let taskmon = try Taskmon()
    // How long it listens is how long it takes to look at other channels, on a busy machine too.
    try await eventually(within: 90, "the flag") {
      let run = try await taskmon.run(["doctor", "--broker", url])
      return run.outputText.contains("events come on celeryev/*")
        && run.outputText.contains("--fanout-prefix false lets its workers be asked")
    }
    let told = try await taskmon.run(["doctor", "--broker", url, "--fanout-prefix", "false"])
    #expect(told.outputText.contains("1 of 1 workers answered"), "\(told.outputText)")
    #expect(!told.outputText.contains("events come on"))
  }
}
