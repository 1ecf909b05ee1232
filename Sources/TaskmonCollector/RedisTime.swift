import TaskmonUnits

/// How often a command was executed, and how long that took in all, as Redis counts it.
struct ServedCommand: Sendable, Equatable {
  var calls: Int
  var time: Seconds
}

/// What Redis spends executing our commands: its time for each kind, by our part of the calls.
struct RedisTime: Sendable {
  private struct Look: Sendable {
    var served: [String: ServedCommand]
    var own: [String: Int]
    var at: Seconds
  }

  private struct Step: Sendable {
    var at: Seconds
    var all: Double
    var scans: Double
  }

  /// Since the first look; only ever grows, nil before the second.
  private(set) var total: Seconds?
  private var last: Look?
  /// The first only marks where the others begin.
  private var steps: [Step] = []

  /// Over which the shares are told.
  private static let window = Seconds.minutes(1)
  /// With less than this between its ends nothing is told.
  private static let least = Seconds(10)
  private static let stepLimit = 256

  /// What only scans send; the few that polls send of them are counted as well.
  private static let scanning: Set = ["SCAN", "SSCAN", "HSCAN", "STRLEN", "PTTL", "GETRANGE"]

  /// `served` and `own` count by name in upper case, each since its own beginning.
  mutating func absorb(served: [String: ServedCommand], own: [String: Int], at now: Seconds) {
    defer { last = Look(served: served, own: own, at: now) }
    guard let last else {
      steps = [Step(at: now, all: 0, scans: 0)]
      return
    }
    var step = Step(at: now, all: 0, scans: 0)
    for (name, count) in own {
      let ours = count - (last.own[name] ?? 0)
      guard ours > 0, let after = served[name] else { continue }
      let before = last.served[name] ?? ServedCommand(calls: 0, time: .zero)
      let (calls, isTooMuch) = after.calls.subtractingReportingOverflow(before.calls)
      let time = (after.time - before.time).value
      // Counters that fall were reset, or are of another server.
      guard !isTooMuch, calls > 0, time > 0 else { continue }
      let part = time * min(1, Double(ours) / Double(calls))
      step.all += part
      if Self.scanning.contains(name) { step.scans += part }
    }
    total = (total ?? .zero) + Seconds(step.all)
    steps.append(step)
    while steps.count > 2, steps.count > Self.stepLimit || now - steps[1].at >= Self.window {
      steps.removeFirst()
    }
  }

  /// The share of the last minute that Redis spent on us in all, and on our scans.
  var shares: (all: Double, scans: Double)? {
    guard let first = steps.first, let end = steps.last, end.at - first.at >= Self.least else {
      return nil
    }
    let span = (end.at - first.at).value
    return (
      steps.dropFirst().reduce(0) { $0 + $1.all } / span,
      steps.dropFirst().reduce(0) { $0 + $1.scans } / span
    )
  }
}
