import TaskmonModel
import TaskmonUnits

/// An entry of RedBeat's every two seconds, due `due` seconds ago, a period after its last run.
func redBeatEntry(
  _ name: String = "tick", every period: Double = 2, due: Double? = -1, ran: Double? = nil,
  runs: Int? = 7, isEnabled: Bool = true, now: Timestamp = noon
) -> ScheduleEntry {
  let last = ran ?? due.map { $0 + period }
  return ScheduleEntry(
    name: name, task: "shop.\(name)", schedule: .every(Seconds(period)), source: .redBeat,
    isEnabled: isEnabled, lastRun: last.map { now - Seconds($0) }, runCount: runs,
    dueAt: due.map { now - Seconds($0) })
}

func lock(_ token: String = "token-1", left: Double? = 20) -> BeatLock {
  BeatLock(token: token, timeToLive: left.map { Seconds($0) })
}

/// RedBeat's keys as a snapshot has them.
func redBeat(_ entries: [ScheduleEntry], lock: BeatLock? = lock()) -> BeatFacts {
  BeatFacts(
    redBeat: .value(
      RedBeatFacts(
        lock: lock, entryCount: entries.count, nextDue: entries.compactMap(\.dueAt).min())),
    entries: .value(entries), traffic: entries.map { EntryTraffic(entry: $0.name) })
}

/// A plain beat's schedule of one entry, whose messages came so many seconds ago.
func plainBeat(
  every period: Double = 10, received: [Double], heard: Double = 1200, now: Timestamp = noon
) -> BeatFacts {
  let entry = ScheduleEntry(
    name: "tick", task: "shop.tick", schedule: .every(Seconds(period)),
    source: .workerConfiguration)
  return BeatFacts(
    redBeat: .value(nil), entries: .value([entry]),
    traffic: [
      EntryTraffic(
        entry: "tick", heard: [Interval(from: now - Seconds(heard), to: now)],
        receipts: received.sorted(by: >).map { now - Seconds($0) })
    ])
}
