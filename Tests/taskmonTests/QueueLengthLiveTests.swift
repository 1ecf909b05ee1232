import Foundation
import TaskmonTestSupport
import Testing

/// What is called a queue's length is what kombu itself calls so.
@Suite("Queue lengths equal kombu's own", .tags(.live))
struct QueueLengthLiveTests {
  /// Messages per priority, 0 to 9.
  static let queues = [
    "orders": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
    "späte \"Bücher\" & 'co'": [1, 0, 0, 2, 0, 0, 0, 0, 0, 1],
    "two words": [0, 0, 0, 0, 0, 0, 7, 0, 0, 0],
    "back\\slash{x=\"y\"}": [0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
  ]

  struct Place: Sendable, CustomStringConvertible {
    var database = 0
    /// kombu's transport options, and how taskmon is told of them.
    var options: [String: JSON] = [:]
    var flags: [String] = []
    /// Of the queue of orders, as kombu puts them.
    var steps: [String: Double] = ["0": 8, "3": 15, "6": 13, "9": 3]
    var description: String { "database \(database), \(flags.joined(separator: " "))" }
  }

  @Test(
    "priorities 0 to 9, any name, prefix, database, separator and steps",
    arguments: [
      Place(),
      Place(
        database: 3, options: ["global_keyprefix": .text("px:")], flags: ["--key-prefix", "px:"]),
      Place(
        options: ["sep": .text(":"), "priority_steps": .list([.number(0), .number(5)])],
        flags: ["--sep", ":", "--priority-steps", "0,5"], steps: ["0": 14, "5": 25]),
    ])
  func lengths(_ place: Place) async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL(database: place.database)
    let fleet = try await CeleryFleet(broker: url)
    let kombu = try await publish(to: url, place, fleet)
    #expect(kombu == Self.queues.mapValues { Double($0.reduce(0, +)) })

    let serving = try await Serving(["--broker", url] + place.flags, taskmon: try Taskmon())
    try await eventually(within: 30, "first snapshot") {
      try serving.get("/-/ready").status == 200
    }
    try await eventually(within: 60, "all queues discovered") {
      try serving.get("/metrics").body.contains("queue_name=\"two words\"")
    }
    let samples = try await serving.samples(with: fleet)
    #expect(lengths(samples, "celery_queue_length", only: kombu) == kombu)
    #expect(lengths(samples, "celery_queue_priority_length", only: kombu) == kombu)
    let steps = samples.filter {
      $0.name == "celery_queue_priority_length" && $0.labels["queue_name"] == "orders"
    }
    #expect(
      Dictionary(steps.map { ($0.labels["priority"] ?? "", $0.value) }, uniquingKeysWith: +)
        == place.steps)
  }

  private func publish(to url: String, _ place: Place, _ fleet: CeleryFleet) async throws
    -> [String: Double]
  {
    try await KombuSizes(url: url, options: place.options, queues: Self.queues).publish(fleet)
  }

  private func lengths(_ samples: [Sample], _ name: String, only known: [String: Double])
    -> [String: Double]
  {
    Dictionary(
      samples.filter { $0.name == name }.map { ($0.labels["queue_name"] ?? "", $0.value) },
      uniquingKeysWith: +
    ).filter { known[$0.key] != nil || $0.value != 0 }
  }
}
