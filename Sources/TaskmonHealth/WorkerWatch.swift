import TaskmonModel
import TaskmonUnits

/// Whether a worker is there, as far as its events and answers tell.
enum Liveness: Equatable {
  case alive
  /// It said `worker-offline`.
  case stopped
  /// A pool that falls silent at work, with work known to be running on it.
  case busy
  /// Silent for longer than its heartbeats allow.
  case lost
  /// Silent, and that proves nothing yet; why.
  case doubtful(String)
  /// It has never sent a heartbeat and has not answered lately; why that says little.
  case mute(String)

  /// Whether it takes messages, or will again when its work is done.
  var consumes: Bool { self == .alive || self == .busy }
}

/// Tells a worker's silence from our own deafness, for all rules alike.
///
/// An object, as each run and each worker is judged with it at hand: no one copies the snapshot.
final class WorkerWatch: Sendable {
  let history: SnapshotHistory
  let snapshot: Snapshot
  let limits: ThresholdValues
  /// Those of the snapshot, in its order; none where they were not heard.
  let workers: [SeenWorker]
  /// Every worker remembered, by name and pid.
  let tracks: [WorkerTrack]
  /// Judged once, for whoever asks.
  private let verdicts: [WorkerID: Liveness]

  /// How old an answer may be and still prove life: three rounds of questions.
  static let answerAge = Seconds(90)
  /// Task events may still come for a while after the goodbye.
  static let straggling = Seconds(60)
  /// How long a silent pool without known limits may be at work.
  static let longestWork = Seconds.hours(1)

  /// What a run may take beyond its hard limit before its worker is given up.
  static let overtime = Seconds(60)

  /// `limits` are those of `lost-worker`.
  init(
    _ history: SnapshotHistory, _ snapshot: Snapshot,
    limits: ThresholdValues = ThresholdValues(LostWorker.thresholds)
  ) {
    self.history = history
    self.snapshot = snapshot
    self.limits = limits
    let tracks = history.workersInOrder
    let signs = SignsOfLife(snapshot, limits)
    let verdicts = history.workers.mapValues(signs.liveness)
    workers = (snapshot.workers.value ?? []).map { facts in
      SeenWorker(
        facts, verdicts[facts.id] ?? Self.latest(of: facts.id, among: tracks).map(signs.liveness))
    }
    self.tracks = tracks
    self.verdicts = verdicts
  }

  /// The track of a worker; one named without a pid is the process of that name heard last.
  func track(of id: WorkerID) -> WorkerTrack? {
    history.workers[id] ?? Self.latest(of: id, among: tracks)
  }

  private static func latest(of id: WorkerID, among tracks: [WorkerTrack]) -> WorkerTrack? {
    guard id.pid == nil else { return nil }
    return tracks.filter { $0.id.name == id.name }.max { last($0) < last($1) }
  }

  private static func last(_ track: WorkerTrack) -> Timestamp {
    [track.lastHeard, track.lastReply].compactMap(\.self).max() ?? Timestamp(secondsSince1970: 0)
  }

  func liveness(of id: WorkerID) -> Liveness? {
    verdicts[id] ?? track(of: id).map(liveness)
  }

  func liveness(of track: WorkerTrack) -> Liveness {
    verdicts[track.id] ?? SignsOfLife(snapshot, limits).liveness(track)
  }

  /// The queues that some worker takes messages from, will, or may; nil where one of them has not
  /// told its own.
  func consumedQueues() -> Set<String>? {
    var queues: Set<String> = []
    for track in tracks {
      switch liveness(of: track) {
      case .stopped, .lost: continue
      case .alive, .busy, .doubtful, .mute: break
      }
      guard let own = track.queues else { return nil }
      queues.formUnion(own)
    }
    return queues
  }
}

/// What the signs of one worker say.
private struct SignsOfLife {
  private let snapshot: Snapshot
  private let limits: ThresholdValues
  /// Who runs something with a hard limit: past the limit `stuck-task` names it.
  private let limited: Set<WorkerID>

  init(_ snapshot: Snapshot, _ limits: ThresholdValues) {
    self.snapshot = snapshot
    self.limits = limits
    let runs = snapshot.running.value ?? []
    limited = Set(runs.lazy.filter { $0.limits.hard != nil }.map(\.worker))
  }

  func liveness(_ track: WorkerTrack) -> Liveness {
    if let offline = track.offlineSince,
      (track.lastHeard ?? offline) - offline <= WorkerWatch.straggling
    {
      return .stopped
    }
    guard let heard = track.lastHeard, let interval = track.heartbeatInterval,
      interval > .zero
    else { return withoutHeartbeat(track) }
    if answers(track, since: heard + interval * 2) { return .alive }
    guard isSilent(track, heard, interval) else {
      return track.isFromEarlierRun
        ? .doubtful("\(track.id.name) was heard by an earlier run and not yet by this one")
        : .alive
    }
    return ofSilent(track)
  }

  /// Heartbeats may stop while answers still come.
  private func answers(_ track: WorkerTrack, since: Timestamp) -> Bool {
    guard let reply = track.lastReply else { return false }
    return reply > since && reply >= snapshot.observedSince
      && snapshot.takenAt - reply <= WorkerWatch.answerAge
  }

  private func isSilent(_ track: WorkerTrack, _ heard: Timestamp, _ interval: Seconds) -> Bool {
    let name = track.id.name
    let heartbeats = interval * limits.number("heartbeats", for: name)
    let patience = max(heartbeats, limits.seconds("silence", for: name))
    guard track.isFromEarlierRun else { return track.silentSettled > patience }
    return track.silentHeard >= heartbeats && snapshot.takenAt - heard > patience
  }

  private func withoutHeartbeat(_ track: WorkerTrack) -> Liveness {
    let proof = [track.lastHeard, track.lastReply].compactMap(\.self).max()
    let age = proof.map { snapshot.takenAt - $0 }
    if let age, age <= WorkerWatch.answerAge { return .alive }
    let ago = age.map { "for \($0.text)" } ?? "yet"
    return .mute("\(track.id.name) sends no heartbeats and has not answered \(ago)")
  }

  private func ofSilent(_ track: WorkerTrack) -> Liveness {
    guard let pool = track.pool else { return ofSilentUntold(track) }
    guard pool.fallsSilentWhenBusy else { return .lost }
    if limited.contains(track.id) || limited.contains(WorkerID(name: track.id.name)) {
      return .busy
    }
    if let start = track.oldestStart {
      return snapshot.takenAt - start <= WorkerWatch.longestWork ? .busy : .lost
    }
    guard track.sendsTaskEvents == true else {
      return .doubtful(
        "\(track.id.name) is silent; a \(pool.rawValue) pool is so at work, and without task"
          + " events work cannot be seen")
    }
    guard pool == .solo, isEarly(track) else { return .lost }
    return .doubtful(
      "\(track.id.name) is silent; a solo pool is so at work, and its events come after it")
  }

  /// What a silent worker is whose pool nobody told.
  private func ofSilentUntold(_ track: WorkerTrack) -> Liveness {
    let wasIdle =
      track.sendsTaskEvents == true && track.oldestStart == nil && track.active == 0
      && track.beatsAtWork == true
    return wasIdle
      ? .lost
      : .doubtful(
        "\(track.id.name) is silent and its pool is not known: it may be a solo pool at work")
  }

  /// Whether a task may have begun after its last sign of life, and still run.
  private func isEarly(_ track: WorkerTrack) -> Bool {
    track.lastHeard.map { snapshot.takenAt - $0 <= longestRun(on: track.id) } ?? false
  }

  /// How long a task that nobody saw begin may keep a whole worker silent.
  ///
  /// Celery holds the events of a solo pool back until the task that they tell of has ended.
  private func longestRun(on id: WorkerID) -> Seconds {
    let worker = snapshot.workers.value?.first { $0.id == id }
    guard let tasks = worker?.ownTasks, !tasks.isEmpty else { return WorkerWatch.longestWork }
    let limits = tasks.compactMap(\.hardLimit)
    guard limits.count == tasks.count, let longest = limits.max() else {
      return WorkerWatch.longestWork
    }
    return longest + WorkerWatch.overtime
  }
}

extension EventStreamFacts {
  /// Whether a worker's heartbeat could have been heard at all.
  var wasHeard: Bool { heard.contains { $0.length > .zero } }
}
