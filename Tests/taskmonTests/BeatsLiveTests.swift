import Foundation
import TaskmonTestSupport
import Testing

/// Beats of every kind, alone and in pairs: what is said of each, and that nothing else is.
@Suite("Beats of every kind on real Celery", .tags(.live))
struct BeatsLiveTests {
  /// Waits until there are exactly these findings worse than info, and never any other meanwhile.
  private static func says(
    _ wanted: Set<String>, _ serving: Serving, among allowed: Set<String> = [],
    and isSo: (HealthReading) -> Bool = { _ in true }
  ) async throws -> HealthReading {
    try await eventuallyValue(within: 100, "\(wanted.sorted())") {
      let document = try serving.health()
      let alarms = Set(document.findings.filter { $0.severity != "info" }.map(\.headline))
      let others = alarms.subtracting(wanted).subtracting(allowed)
      #expect(others.isEmpty, "\(document.findings)")
      guard others.isEmpty else { throw SupportError("a false alarm: \(others)") }
      return alarms == wanted && isSo(document) ? document : nil
    }
  }

  private static func judges(_ rules: Set<String>) -> (HealthReading) -> Bool {
    { rules.isSubset(of: $0.healthy) }
  }

  @Test("a plain beat is well, killed, and started twice", .timeLimit(.minutes(6)))
  func plain() async throws {
    let stage = try await BeatStage()
    _ = try await stage.worker("w1")
    let beat = try await stage.fleet.beat("beats", as: "plain")
    let serving = try await stage.serving(["beat-down.silence=25s", "beat-late.warning=12s"])
    let well: Set = ["multiple-beats", "beat-down", "beat-late", "beat-without-lock"]
    let first = try await Self.says([], serving, and: Self.judges(well))
    // Nothing in Redis counts the runs of a plain beat.
    #expect(first.unknown.contains { $0.rule == "beat-runs-work" })
    try beat.kill9()
    // Late, and then no more than that: of what beat-down tells beat-late is quiet.
    let late: Set = ["warning beat-late tick", "warning beat-late tock"]
    let dead: Set = ["critical beat-down beat"]
    _ = try await Self.says(dead, serving, among: late)
    _ = try await stage.fleet.beat("beats", as: "one")
    _ = try await stage.fleet.beat("beats", as: "two")
    let doubled: Set = ["critical multiple-beats tick", "critical multiple-beats tock"]
    _ = try await Self.says(doubled, serving, among: dead.union(late).union(doubled))
  }

  @Test("a worker with a beat inside is well, two of them are two beats", .timeLimit(.minutes(6)))
  func embedded() async throws {
    let stage = try await BeatStage()
    func start(_ name: String) async throws {
      _ = try await stage.worker(
        name, options: ["-B", "-s", stage.fleet.folder.path("\(name).schedule")])
    }
    try await start("w1")
    let serving = try await stage.serving()
    _ = try await Self.says([], serving, and: Self.judges(["multiple-beats", "beat-late"]))
    try await start("w2")
    let doubled: Set = ["critical multiple-beats tick", "critical multiple-beats tock"]
    _ = try await Self.says(doubled, serving, among: doubled)
  }

  @Test("of two RedBeats one waits, and an entry saved meanwhile is run", .timeLimit(.minutes(6)))
  func redBeats() async throws {
    let stage = try await BeatStage()
    _ = try await stage.worker("w1")
    let one = try await stage.fleet.beat("beats:red", as: "one", redBeat: true)
    try await one.says("Acquired lock", within: 60)
    let two = try await stage.fleet.beat("beats:red", as: "two", redBeat: true)
    let serving = try await stage.serving()
    let rules: Set = [
      "multiple-beats", "beat-down", "beat-late", "beat-without-lock", "beat-runs-work",
    ]
    _ = try await Self.says([], serving, and: Self.judges(rules))
    let screen = try await stage.screen()
    #expect(screen.contains("RedBeat lock held"), "\(screen)")
    #expect(screen.firstMatch(of: #/a second could take over in \d+s/#) != nil, "\(screen)")
    #expect(screen.contains("rrule HOURLY"), "\(screen)")
    #expect(screen.contains("*/15 * * * *"), "\(screen)")
    #expect(!two.log.contains("Acquired lock"))

    _ = try await stage.fleet.output(of: "beats.py", ["latecomer", "3"])
    let entry = "{entry=\"latecomer\"}"
    try await eventually(within: 60, "the new entry is seen") {
      try serving.get("/metrics").body.contains("celery_beat_entry_overdue_seconds\(entry)")
    }
    try await one.says("due task latecomer", within: 60)
    try await eventually(within: 60, "it runs and is well") {
      let document = try serving.health()
      #expect(document.headlines.isEmpty, "\(document.findings)")
      let overdue = try serving.get("/metrics").body.split(separator: "\n").first {
        $0.hasPrefix("celery_beat_entry_overdue_seconds\(entry) ")
      }
      return overdue?.hasSuffix(" 0") == true && Self.judges(rules)(document)
    }
    // The one that waits takes over what a killed one held, once the lock has expired.
    try one.kill9()
    try await two.says("Acquired lock", within: 90)
    try await eventually(within: 60, "the second at work") {
      let document = try serving.health()
      return document.headlines.isEmpty && Self.judges(rules)(document)
    }
  }

  @Test("a schedule in Django's database is known by its messages", .timeLimit(.minutes(6)))
  func django() async throws {
    let stage = try await BeatStage()
    _ = try await stage.fleet.output(of: "django_shop.py")
    let beat = try await stage.fleet.beat(
      "django_shop", as: "beat", scheduler: "django_celery_beat.schedulers:DatabaseScheduler")
    let serving = try await stage.serving()
    try await beat.says("due task Sweep floor 2")
    // They wait until there is a worker: that is when their headers can be read.
    try await eventually(within: 60, "both entries, and who sends them") {
      let text = try serving.get("/metrics").body
      return text.contains("celery_beat_entries 2\n")
        && (1...2).allSatisfy {
          text.contains("celery_beat_publishers{entry=\"Sweep floor \($0)\"} 1\n")
        }
    }
    _ = try await stage.worker("w1", of: "django_shop")
    let rules: Set = ["queue-without-consumers", "lost-worker", "beat-without-lock"]
    _ = try await Self.says([], serving, and: Self.judges(rules))
  }

  @Test("a beat that works itself is late, and its work is told", .timeLimit(.minutes(6)))
  func working() async throws {
    let stage = try await BeatStage()
    _ = try await stage.worker("w1")
    let serving = try await stage.serving(["beat-late.warning=3s"])
    let vigil = Vigil(serving)
    let beat = try await stage.fleet.beat(
      "beats:busy", as: "beat", scheduler: "beats:WorkingScheduler")
    // Three runs are what is looked for.
    try await eventually(within: 60, "the third run") {
      beat.log.components(separatedBy: "due task crunch").count > 3
    }
    let work = try await vigil.finds("beat-runs-work", since: .now)
    let late: Set = ["warning beat-late crunch", "warning beat-late tick"]
    let alarms = Set(vigil.phases.joined())
    #expect(alarms.subtracting(late) == ["warning beat-runs-work crunch"], "\(vigil.details)")
    #expect(!late.isDisjoint(with: alarms))
    let evidence = work.evidence
    #expect((evidence["runs"]?.number ?? 0) >= 3)
    #expect(evidence["task"]?.text == "beats.crunch")
    #expect(evidence["workersThatWouldTell"] == .list([.text("w1@beats")]))
  }
}

extension BeatStage {
  fileprivate func worker(_ name: String, of app: String = "beats", options: [String] = [])
    async throws
    -> FleetMember
  {
    try await fleet.worker(
      app, node: "\(name)@beats", as: name, queues: "celery", pool: ["-c", "1"] + options)
  }

  /// The Beat view as text.
  fileprivate func screen() async throws -> String {
    let run = try await taskmon.run(
      ["top", "--once", "--view", "beat", "--broker", url])
    return run.outputText + run.errorText
  }
}
