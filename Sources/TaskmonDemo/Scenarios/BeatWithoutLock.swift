import TaskmonUnits

extension Scenario {
  /// RedBeat was told not to lock: the next deploy will have two beats at work.
  static let beatWithoutLock = Scenario(
    name: "beat-without-lock",
    summary: "RedBeat works without its lock (redbeat_lock_key = None): look at the Beat view",
    prepare: { fleet, _ in
      for index in fleet.beats.indices { fleet.beats[index].takesLock = false }
    })
}
