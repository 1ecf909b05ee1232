import Foundation
import TaskmonTestSupport

/// A Redis that keeps its data, a Celery on it, and a taskmon to look at both.
struct BeatStage {
  let redis: RedisServer
  let fleet: CeleryFleet
  let url: String
  let taskmon: Taskmon

  init() async throws {
    redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    url = try redis.tcpURL()
    fleet = try await CeleryFleet(broker: url)
    taskmon = try Taskmon()
  }

  /// Workers are asked every five seconds: what they tell of a schedule is waited for.
  func serving(_ set: [String] = []) async throws -> Serving {
    try await Serving(
      ["--broker", url, "--inspect-interval", "5s"] + set.flatMap { ["--set", $0] },
      taskmon: taskmon)
  }
}
