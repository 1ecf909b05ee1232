import CeleryProtocol
import RedisClient
import TaskmonUnits

// What beats do.
extension DemoFleet {
  /// The shop's beat: RedBeat, holding its lock.
  mutating func firstBeat(at now: Timestamp) -> DemoBeat {
    let publisher = Publisher(host: "beat-1", pids: 7...40, random: &random)
    let token = RedBeatEncoder.token(
      at: now, sequence: UInt16(random.whole(0...16_383)), node: 0x02fc_0000_0001)
    return beat(publisher, lockToken: token, lag: .zero, at: now)
  }

  /// A worker's embedded beat with a schedule file of its own, which knows of no lock.
  mutating func addEmbeddedBeat(lag: Seconds, at now: Timestamp) {
    let host = workers.first?.host ?? "worker-1"
    let publisher = Publisher(host: host, random: &random)
    var second = beat(publisher, lockToken: nil, lag: lag, at: now)
    // Due together with the first: both keep to the same clock, and both started long ago.
    for index in second.lines.indices {
      guard let line = beats.first?.lines.first(where: { $0.entry == second.lines[index].entry })
      else { continue }
      second.lines[index].due = line.due
    }
    beats.append(second)
  }

  /// Every beat was killed at that moment; its keys are as its last tick left them.
  mutating func loseBeats(diedAt moment: Timestamp) {
    for line in beats.flatMap(\.lines) {
      let key = layout.redBeatEntry(line.entry.name)
      let runs = max(1, Int((Seconds.hours(1) / line.entry.every).rounded()))
      outbox += [
        .set(KeyLayout.redBeatMeta, to: RedBeatEncoder.meta(lastRun: moment, runs: runs), in: key),
        .add(key.bytes, wholeScore: score(moment + line.entry.every), to: layout.redBeatSchedule),
      ]
    }
    beats = []
  }

  /// The beat has been at work since that moment, and comes to its schedule once in `work`.
  mutating func occupyBeat(since moment: Timestamp, work: Seconds) {
    for index in beats.indices {
      beats[index].work = work
      beats[index].busyUntil = moment + work
      // As with a `beat_max_loop_interval` of a minute: the lock outlives such a turn.
      beats[index].lockMilliseconds = 300_000
      for line in beats[index].lines.indices {
        beats[index].lines[line].due = moment + beats[index].lines[line].entry.every
        beats[index].lines[line].runs = 720
      }
    }
  }

  /// One more entry of the schedule; `isSent` tells whether its runs are messages.
  mutating func schedule(_ entry: RedBeatEncoder.Entry, isSent: Bool, at now: Timestamp) {
    shop.schedule.append(entry)
    for index in beats.indices {
      beats[index].lines.append(
        DemoBeat.Line(entry: entry, due: now + entry.every, isSent: isSent))
    }
  }

  private func beat(
    _ publisher: Publisher, lockToken: String?, lag: Seconds, at now: Timestamp
  ) -> DemoBeat {
    DemoBeat(
      publisher: publisher,
      lines: shop.schedule.map { DemoBeat.Line(entry: $0, due: now + $0.every) },
      lockToken: lockToken, lag: lag, nextExtension: now + .seconds(1))
  }

  /// RedBeat's keys, as it makes them when it starts and gets the lock.
  mutating func writeSchedule(at now: Timestamp) {
    for beat in beats {
      guard let token = beat.lockToken else { continue }
      for line in beat.lines {
        let key = layout.redBeatEntry(line.entry.name)
        outbox += [
          .set(
            KeyLayout.redBeatDefinition, to: RedBeatEncoder.definition(line.entry), in: key),
          .set(
            KeyLayout.redBeatMeta, to: meta(of: line, at: now), in: key),
          .add(Array(line.entry.name.utf8), to: layout.redBeatStatics),
          .add(key.bytes, wholeScore: score(line.due), to: layout.redBeatSchedule),
        ]
      }
      guard beat.takesLock else { continue }
      outbox.append(
        .lock(
          layout.redBeatLock, token: Array(token.utf8), milliseconds: beat.lockMilliseconds))
    }
  }

  private func meta(of line: DemoBeat.Line, at now: Timestamp) -> [UInt8] {
    line.runs > 0
      ? RedBeatEncoder.meta(lastRun: line.due - line.entry.every, runs: line.runs)
      : RedBeatEncoder.meta(lastRun: now, runs: nil)
  }

  mutating func tickBeats(until now: Timestamp) {
    for index in beats.indices {
      if let free = beats[index].busyUntil, free > now { continue }
      beats[index].busyUntil = beats[index].work.map { now + $0 }
      let holdsLock = beats[index].lockToken != nil && beats[index].takesLock
      if holdsLock, beats[index].nextExtension <= now {
        outbox.append(
          .extend(layout.redBeatLock, milliseconds: beats[index].lockMilliseconds))
        beats[index].nextExtension = now + .seconds(1)
      }
      for line in beats[index].lines.indices
      where beats[index].lines[line].due + beats[index].lag <= now {
        run(line, of: index, at: now)
      }
    }
  }

  private mutating func run(_ line: Int, of index: Int, at now: Timestamp) {
    beats[index].lines[line].advance(past: now)
    let current = beats[index].lines[line]
    if current.isSent { publish(current.entry, by: index, at: now) }
    guard beats[index].lockToken != nil else { return }
    let key = layout.redBeatEntry(current.entry.name)
    outbox += [
      .set(
        KeyLayout.redBeatMeta, to: RedBeatEncoder.meta(lastRun: now, runs: current.runs),
        in: key),
      .add(key.bytes, wholeScore: score(current.due), to: layout.redBeatSchedule),
    ]
  }

  private mutating func publish(
    _ entry: RedBeatEncoder.Entry, by index: Int, at now: Timestamp
  ) {
    guard let kind = shop.kind(entry.task) else { return }
    let life = entry.options.last { $0.key == "expires" }?.value.int
    let publisher = beats[index].publisher
    let task = OutgoingTask(
      id: random.uuid(), task: entry.task, arguments: entry.arguments,
      keywordArguments: entry.keywordArguments, argumentsAreList: true, queue: kind.queue,
      expires: life.map { now + Seconds(Double($0)) },
      expiresAfterMilliseconds: life.map { $0 * 1000 }, hardLimit: kind.hardLimit,
      softLimit: kind.softLimit, origin: publisher.origin, replyTo: publisher.replyTo,
      ignoresResult: kind.ignoresResult, isFromBeat: true, deliveryTag: random.uuid())
    put(task)
    let clock = beats[index].publisher.tick()
    announce(task, by: publisher.sender, clock: clock, at: now)
  }

  /// RedBeat's unit: whole seconds since 1970.
  private func score(_ moment: Timestamp) -> Int64 {
    Int64(min(max(moment.secondsSince1970, 0), 1e15))
  }
}
