import Foundation
import TaskmonTestSupport
import Testing

/// What taskmon knows of real workers is what Celery's own `inspect` is told by them.
@Suite("Beside `celery inspect`", .tags(.live))
struct InspectLiveTests {
  static let pools = ["prefork", "threads", "gevent", "solo"]
  private static let prefix = "shop:"

  @Test(
    "after half a minute the snapshot agrees with it, whatever the pool and the version",
    .timeLimit(.minutes(6)), arguments: PythonEnvironment.allCases)
  func agrees(celery: PythonEnvironment) async throws {
    let redis = try await RedisServer(tcp: true)
    let broker = try redis.tcpURL(database: 3)
    try redis.command("ACL", "SETUSER", "keeper", "on", ">hush-word", "~*", "&*", "+@all")
    let backend = try redis.tcpURL(database: 4)
      .replacing("redis://", with: "redis://keeper:hush-word@")
    let fleet = try await CeleryFleet(
      broker: broker, celery: celery, variables: ["BACKEND": backend, "PREFIX": Self.prefix])
    try await start(in: fleet)
    // A solo worker that is at work answers nobody.
    let busy = ["prefork", "threads", "gevent"]
    _ = try await fleet.output(of: "pools_truth.py", ["publish", "600"] + busy + busy)

    let run = try await Taskmon().run(
      [
        "snapshot", "--broker", broker, "--key-prefix", Self.prefix, "--observe", "30s",
        "--inspect-interval", "10s",
      ], timeout: 120)
    #expect(run.end == .exit(0), "\(run.errorText)")
    let printed = try await fleet.output(of: "pools_truth.py", ["tell"] + Self.pools)
    let truth = try JSONDecoder().decode(Truth.self, from: Data(printed.utf8))
    #expect(truth.version == celery.rawValue)
    #expect(!run.outputText.contains("hush-word"))
    let snapshot = try JSONDecoder().decode(JSON.self, from: Data(run.output))
    let workers = snapshot["workers"]["value"].elements
    #expect(workers.count == Self.pools.count)
    for worker in workers {
      let name = worker["id"]["name"].text ?? ""
      let told = try #require(truth.workers[name])
      for (part, fact) in told.members.sorted(by: { $0.key < $1.key }) {
        #expect(worker.fact(part) == fact, "\(part) of \(name)")
      }
      #expect(
        worker["settings"]["value"]["resultBackend"]
          == .text(backend.replacing("hush-word", with: "***")))
    }
    let ids = truth.workers.values.flatMap { $0["active"].elements.compactMap(\.text) }
    #expect(ids.count == 2 * busy.count)
    let running = snapshot["running"]["value"].elements.compactMap { $0["id"].text }
    #expect(running.sorted() == ids.sorted())
    #expect(Self.schedule(snapshot) == Self.schedule)
    #expect(try redis.command("KEYS", "*taskmon-*", database: 3) == .array([]))
  }

  private func start(in fleet: CeleryFleet) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for pool in Self.pools {
        group.addTask {
          _ = try await fleet.worker(
            "pools", node: "w@\(pool)", as: pool, queues: "\(pool),shared",
            pool: ["-P", pool, "-c", "2"], sendsTaskEvents: false)
        }
      }
      try await group.waitForAll()
    }
  }

  private struct Truth: Decodable {
    let version: String
    /// By node name.
    let workers: [String: JSON]
  }

  /// Of which workers tell the text that Python makes of it.
  private static let schedule: [String: JSON] = [
    "each": .object(["every": .object(["_0": .number(30)])]),
    "nightly": .object(["crontab": .object(["_0": .text("30 3 * * *")])]),
    "weekly": .object(["every": .object(["_0": .number(604_800)])]),
  ]

  private static func schedule(_ snapshot: JSON) -> [String: JSON] {
    Dictionary(
      snapshot["beat"]["entries"]["value"].elements.map {
        ($0["name"].text ?? "", $0["schedule"])
      }, uniquingKeysWith: { $1 })
  }
}

extension JSON {
  fileprivate subscript(name: String) -> JSON { members[name] ?? .null }

  fileprivate var members: [String: JSON] {
    if case .object(let members) = self { members } else { [:] }
  }

  fileprivate var elements: [JSON] { if case .list(let elements) = self { elements } else { [] } }

  /// Of a worker of a snapshot, as the truth tells it.
  fileprivate func fact(_ part: String) -> JSON {
    switch part {
    case "active": self["activeReply"]["value"]["taskIDs"].sorted
    case "pid": self["id"]["pid"]
    case "registered": self[part]["value"]
    case "settings": self[part]["value"].without(["resultBackend"])
    case "stats": self[part]["value"].without(["repliedAt", "uptime"])
    default: self[part]["value"].sorted
    }
  }

  private var sorted: JSON { .list(elements.compactMap(\.text).sorted().map(JSON.text)) }

  private func without(_ names: Set<String>) -> JSON {
    .object(members.filter { !names.contains($0.key) })
  }
}
