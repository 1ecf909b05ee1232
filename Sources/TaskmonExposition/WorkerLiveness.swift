import TaskmonModel
import TaskmonUnits

/// One worker process as the metrics see it: alive, gone, or not to be told.
struct WorkerState: Sendable, Equatable {
  var track: WorkerTrack
  /// Nil where only the memory of it is left.
  var facts: WorkerFacts?
  /// Nil where its silence can be our own deafness, or that of a pool busy with one task.
  var isAlive: Bool?

  var id: WorkerID { track.id }
}

/// The workers of one moment, those gone within the retention included.
struct WorkerStates: Sendable, Equatable {
  /// Sorted by name and pid.
  let all: [WorkerState]

  /// Nil where workers are not known at all.
  init?(_ input: ExpositionInput) {
    guard let snapshot = input.facts, let facts = snapshot.workers.value else { return nil }
    let known = Dictionary(facts.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    let retention = input.options.workerRetention
    all = input.history.workers.values.sorted { $0.id < $1.id }.compactMap { track in
      let last = [track.lastHeard, track.lastReply, track.offlineSince].compactMap(\.self).max()
      if let last, snapshot.takenAt - last > retention { return nil }
      return WorkerState(
        track: track, facts: known[track.id],
        isAlive: Self.isAlive(track, in: snapshot, timeout: input.options.workerTimeout))
    }
  }

  var alive: [WorkerState] { all.filter { $0.isAlive == true } }

  /// By a label that several processes may share, in order of first appearance.
  func grouped(by label: (WorkerID) -> String) -> [(label: String, workers: [WorkerState])] {
    Dictionary(grouping: all, by: { label($0.id) }).map { ($0.key, $0.value) }
      .sorted { $0.label < $1.label }
  }

  /// The process that speaks for a node name: alive before gone, then the latest to appear.
  static func newest(of workers: [WorkerState]) -> WorkerState? {
    workers.max { rank($0) < rank($1) }
  }

  /// Whether any of several processes is alive; nil where none is and one cannot be told.
  static func anyAlive(_ workers: [WorkerState]) -> Bool? {
    if workers.contains(where: { $0.isAlive == true }) { return true }
    return workers.contains { $0.isAlive == nil } ? nil : false
  }

  private static func rank(_ worker: WorkerState) -> (Int, Double, Int) {
    let first = worker.facts?.firstHeard ?? worker.track.lastHeard
    return (
      worker.isAlive == true ? 1 : 0, first?.secondsSince1970 ?? 0, worker.id.pid ?? 0
    )
  }

  /// A worker is given four of its own heartbeats, and never less than this.
  private static let patience = Seconds(30)
  private static let defaultHeartbeat = Seconds(2)
  /// A worker known by its answers only is asked every 30 s; three unanswered rounds are its end.
  private static let replyPatience = Seconds(100)

  private static func isAlive(
    _ track: WorkerTrack, in snapshot: Snapshot, timeout: Seconds?
  ) -> Bool? {
    let proof = [track.lastHeard, track.lastReply].compactMap(\.self).max()
    if let offline = track.offlineSince, offline >= (proof ?? offline) { return false }
    guard let proof else { return nil }
    let limit = timeout ?? max((track.heartbeatInterval ?? defaultHeartbeat) * 4, patience)
    if snapshot.takenAt - proof <= limit { return true }
    guard track.lastHeard != nil else { return answers(track, since: proof, in: snapshot) }
    if track.silentSettled <= limit { return nil }
    if track.pool?.fallsSilentWhenBusy == true { return track.oldestStart == nil ? nil : true }
    return false
  }

  /// Without heartbeats, silence counts only while the worker is being asked.
  private static func answers(
    _ track: WorkerTrack, since proof: Timestamp, in snapshot: Snapshot
  ) -> Bool? {
    if snapshot.takenAt - proof <= replyPatience { return true }
    let wasAsked = snapshot.inspection.lastRound.map { $0 - proof > replyPatience } ?? false
    return wasAsked && snapshot.inspection.suspended == nil ? false : nil
  }
}
