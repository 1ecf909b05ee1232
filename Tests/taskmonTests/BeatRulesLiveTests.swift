import Foundation
import TaskmonTestSupport
import Testing

/// Real RedBeats that die, lose their lock or have none; each beside one that is well.
@Suite("Beats on real Celery", .tags(.live))
struct BeatRulesLiveTests {
  private static let beatRules: Set = ["beat-down", "beat-late", "beat-without-lock"]

  /// Waits until a beat that works was judged to be well, and its runs were read twice: what has
  /// never run is given time.
  private static func isWell(_ serving: Serving) async throws {
    try await eventually(within: 90, "a healthy beat") {
      let document = try serving.health()
      return Self.beatRules.isSubset(of: document.healthy) && document.headlines.isEmpty
        && document.observedSeconds > 45
    }
  }

  /// Nothing else was told at warning or above.
  private static func expectOnly(_ beginnings: [String], _ vigil: Vigil) {
    let others = vigil.phases.joined().filter { told in
      !beginnings.contains { told.hasPrefix($0) }
    }
    #expect(others == [], "\(vigil.details)")
  }

  @Test("a beat that is killed is late, and then down", .timeLimit(.minutes(6)))
  func killed() async throws {
    let stage = try await BeatStage()
    _ = try await stage.fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery,mail")
    let beat = try await stage.fleet.beat("shop", as: "beat", redBeat: true)
    let serving = try await stage.serving(["beat-down.silence=35s", "beat-late.warning=15s"])
    try await Self.isWell(serving)
    let vigil = Vigil(serving)
    try beat.kill9()
    let killed = ContinuousClock.now
    try await vigil.finds("beat-late", since: killed)
    let down = try await vigil.finds("beat-down", since: killed)
    #expect(down.evidence["entriesDue"]?.number == 4)
    Self.expectOnly(["critical beat-down ", "warning beat-late "], vigil)
    _ = try await stage.fleet.beat("shop", as: "next", redBeat: true)
    try await eventually(within: 90, "the next beat at work") {
      try serving.health().healthy.contains("beat-down")
    }
  }

  @Test("a beat whose lock is deleted dies of it", .timeLimit(.minutes(6)))
  func lockDeleted() async throws {
    let stage = try await BeatStage()
    _ = try await stage.fleet.worker("shop", node: "w1@shop", as: "w1", queues: "celery,mail")
    let beat = try await stage.fleet.beat("shop", as: "beat", redBeat: true)
    let serving = try await stage.serving(["beat-down.lock-missing=20s"])
    try await Self.isWell(serving)
    let vigil = Vigil(serving)
    try stage.redis.command("DEL", "redbeat::lock")
    try await beat.says("LockNotOwnedError")
    let down = try await vigil.finds("beat-down", since: .now)
    #expect(down.message.contains("RedBeat's lock is missing for"))
    Self.expectOnly(["critical beat-down ", "warning beat-late "], vigil)
  }

  @Test("a beat with its lock turned off is told, one with a lock of another name is well")
  func withoutLock() async throws {
    let careless = try await BeatStage()
    let careful = try await BeatStage()
    _ = try await careless.fleet.beat("careless:unlocked", as: "beat", redBeat: true)
    _ = try await careful.fleet.beat("careless:renamed", as: "beat", redBeat: true)
    let told = Vigil(try await careless.serving())
    let well = try await careful.serving()
    try await told.finds("beat-without-lock", since: .now)
    Self.expectOnly(["warning beat-without-lock "], told)
    try await eventually(within: 60, "the lock under its name") {
      let document = try well.health()
      #expect(document.finding("beat-without-lock") == nil)
      return document.healthy.contains("beat-without-lock")
    }
    try await pass(seconds: 15)
    let last = try well.health()
    #expect(last.finding("beat-without-lock") == nil && last.finding("beat-down") == nil)
  }
}
