import TaskmonModel
import TaskmonUnits

/// What a worker that was lost had in its hands, and what became of it.
struct LostWork {
  enum Fate: Equatable {
    /// Acknowledged before it ended: it is on no list any more.
    case gone
    /// Unacknowledged: Redis hands it out again then, nil where its delivery was not heard.
    case waits(until: Timestamp?)
    /// It runs elsewhere, or has been handed out again.
    case settled
    /// Not known; why.
    case unclear(String)
  }

  struct Piece {
    let task: HeldTask
    let fate: Fate
  }

  let track: WorkerTrack
  /// Nil where neither events nor answers told what it held.
  let pieces: [Piece]?

  /// A heartbeat later than a start by this knows of it.
  private static let margin = Seconds(5)

  init(_ track: WorkerTrack, _ whereabouts: Whereabouts) {
    self.track = track
    let desk = Desk(track, whereabouts)
    pieces = track.holdings.map { $0.map { Piece(task: $0, fate: desk.fate(of: $0)) } }
  }

  /// Runs that are gone for good.
  var gone: [HeldTask] { (pieces ?? []).filter { $0.fate == .gone }.map(\.task) }

  /// How the fate of one task is found out.
  private struct Desk {
    let track: WorkerTrack
    let whereabouts: Whereabouts
    /// Why the runs named need not all have been running; nil where they were.
    let doubt: String?

    init(_ track: WorkerTrack, _ whereabouts: Whereabouts) {
      self.track = track
      self.whereabouts = whereabouts
      doubt = Self.doubt(track)
    }

    /// Its heartbeat counted fewer than have not been heard to end.
    private static func doubt(_ track: WorkerTrack) -> String? {
      guard let active = track.active, let heard = track.lastHeard else { return nil }
      let settled = (track.holdings ?? []).filter {
        $0.isRunning && heard - $0.since > LostWork.margin
      }
      guard settled.count > active else { return nil }
      return "\(track.id.name) ran \(active) of \(settled.count) tasks whose end was not heard"
    }

    func fate(of task: HeldTask) -> Fate {
      if whereabouts.isAtAnother(task.id, than: track.id) { return .settled }
      let message = whereabouts.unacked[task.id]
      if let delivered = message?.deliveredAt, !task.wasDelivered(at: delivered) { return .settled }
      let delivered = message?.deliveredAt ?? task.deliveredAt ?? task.since
      let restored = delivered + whereabouts.timeout
      if message != nil { return .waits(until: restored) }
      let isWhole = whereabouts.isWhole
      let isOverdue = whereabouts.now > restored
      if !task.isRunning || task.acknowledged == false {
        return isWhole || isOverdue ? .settled : .waits(until: nil)
      }
      if let doubt { return .unclear(doubt) }
      if task.acknowledged == true { return .gone }
      if isWhole, !isOverdue { return .gone }
      return .unclear(
        "whether \(task.task ?? task.id) on \(track.id.name) was acknowledged early was not heard")
    }
  }
}

/// Where messages and runs are, for all workers that were lost.
struct Whereabouts {
  let now: Timestamp
  /// After which Redis hands out again what was not acknowledged.
  let timeout: Seconds
  /// Messages held unacknowledged, by task id.
  let unacked: [String: UnackedMessage]
  /// Whether `unacked` are all there are, each with its id.
  let isWhole: Bool
  /// Who runs a task, or holds it and lives; by task id.
  private let holders: [String: [WorkerID]]

  init(_ scene: Scene) {
    let watch = scene.watch
    now = watch.snapshot.takenAt
    timeout = scene.visibility.seconds
    let facts = watch.snapshot.unacked.value
    isWhole =
      facts.map { $0.isWhole && $0.sample.allSatisfy { $0.message.value?.taskID != nil } }
      ?? false
    unacked = Dictionary(
      (facts?.sample ?? []).compactMap { entry in
        entry.message.value?.taskID.map { ($0, entry) }
      }, uniquingKeysWith: { first, _ in first })
    var holders: [String: [WorkerID]] = [:]
    for run in watch.snapshot.running.value ?? [] {
      holders[run.id, default: []].append(run.worker)
    }
    for track in watch.tracks where watch.liveness(of: track).consumes {
      for task in track.holdings ?? [] { holders[task.id, default: []].append(track.id) }
    }
    self.holders = holders
  }

  /// Whether another worker runs this task, or has it in its hands.
  func isAtAnother(_ task: String, than worker: WorkerID) -> Bool {
    holders[task]?.contains { $0 != worker } ?? false
  }
}
