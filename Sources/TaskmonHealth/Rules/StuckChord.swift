import TaskmonModel
import TaskmonUnits

/// A chord waits for a part that will never be done, so its body never runs.
package struct StuckChord: Rule {
  package static let id: RuleID = "stuck-chord"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.hours(1)), .resultScan]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("unchanged", Seconds.hours(1), help: "no part was done for longer than this")
  ]
  package static let page = RulePage(
    summary: "A chord has parts outstanding and none was done for a long time.",
    whyItHurts: """
      The body of a chord runs when the last part has been counted. If one part was lost with \
      its worker, was revoked, ignored its result or was never published, the count stays one \
      short: the body never runs, its result never comes, and no error is raised anywhere. The \
      parts' work is wasted, and whoever waits for the body waits until the keys expire.
      """,
    detection: """
      The result backend counts the parts of each chord that are done and knows how many there \
      are. Fewer than that, and the same number for more than an hour, is a warning. Chords of \
      one task are one finding.
      """,
    blindSpots: """
      taskmon knows how long the number has stood still only since it first saw it, so it needs an \
      hour, in one run or over several that keep their state. A part that runs, waits in a long \
      queue or for its ETA for over an hour looks the same. The task is that of a part that is \
      done and that an event has named, else it is an unknown task, as always before Celery 5.7, \
      which keeps no ids of them. Only the chords of the Redis backend are counted, and not with \
      result_chord_ordered = False; other backends poll for theirs.
      """,
    confirm: """
      Compare the size with the parts that are done, in the database of result_backend:

          redis-cli -u redis://HOST:6379/1 GET celery-taskset-meta-GROUP_ID.s
          redis-cli -u redis://HOST:6379/1 ZCARD celery-taskset-meta-GROUP_ID.j
          redis-cli -u redis://HOST:6379/1 ZRANGE celery-taskset-meta-GROUP_ID.j 0 -1 WITHSCORES
          celery -A APP inspect active

      The scores are the positions in the group, from 0; the one that is absent is the part to \
      look for. active and the workers' logs tell whether it runs, failed or was lost.
      """,
    remedy: """
      Run the missing part again, or call the body by hand. So that a lost worker does not lose \
      a part, acknowledge parts late and hand out again what a lost process held:

          @app.task(acks_late=True, reject_on_worker_lost=True)

      Parts of a chord must store their results (no ignore_result), must not raise Ignore, and \
      need a time limit, so that a hanging part fails and the chord's error callback is told:

          chord(parts)(body.on_error(report.s()))
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    guard case .value(let chords) = snapshot.chords else {
      return .unknown(snapshot.chords.reason ?? "chords were not scanned")
    }
    // What moved since the last look is not known.
    let lookedAt = snapshot.results.value?.updatedAt ?? snapshot.takenAt
    var stuck: [String: [ChordFacts]] = [:]
    var needed: Seconds?
    var seen: Seconds?
    for chord in chords.map({ remembered($0, history) }) where chord.done < chord.size {
      let subject = chord.task ?? Self.unknownTask
      let limit = limits.seconds("unchanged", for: subject)
      if lookedAt - chord.unchangedSince > limit {
        stuck[subject, default: []].append(chord)
      } else if snapshot.observed < limit, !hasChanged(chord, within: limit, history, snapshot) {
        needed = max(needed ?? .zero, limit)
        let still = max(.zero, snapshot.takenAt - chord.unchangedSince)
        seen = min(seen ?? still, still)
      }
    }
    if stuck.isEmpty, let needed {
      return .unknown("needs \(needed.text) of observation, has \((seen ?? .zero).text)")
    }
    return .judged(
      stuck.sorted { $0.key < $1.key }.compactMap { finding($0.key, $0.value, snapshot) })
  }

  private static let unknownTask = "unknown task"

  /// As an earlier run saw it, where nothing has changed since.
  private func remembered(_ chord: ChordFacts, _ history: SnapshotHistory) -> ChordFacts {
    guard let track = history.chords[chord.groupID], track.size == chord.size,
      track.done == chord.done
    else { return chord }
    var chord = chord
    chord.unchangedSince = min(chord.unchangedSince, track.unchangedSince)
    return chord
  }

  private func hasChanged(
    _ chord: ChordFacts, within limit: Seconds, _ history: SnapshotHistory, _ snapshot: Snapshot
  ) -> Bool {
    history.chords[chord.groupID]?.hasChanged(within: limit, before: snapshot.takenAt) ?? false
  }

  private func finding(_ subject: String, _ chords: [ChordFacts], _ snapshot: Snapshot) -> Finding?
  {
    guard let oldest = chords.min(by: { $0.unchangedSince < $1.unchangedSince }) else { return nil }
    let still = snapshot.takenAt - oldest.unchangedSince
    let more = chords.count == 1 ? "" : "; \((chords.count - 1).grouped) more like it"
    return Finding(
      rule: Self.id, severity: .warning, subject: subject,
      message: "a chord has \(oldest.done.grouped) of \(oldest.size.grouped) parts done, unchanged"
        + " for \(still.text)\(more)",
      since: oldest.unchangedSince,
      evidence: [
        EvidenceItem("groupID", .text(oldest.groupID)),
        EvidenceItem("partsDone", .count(oldest.done)),
        EvidenceItem("parts", .count(oldest.size)),
        EvidenceItem("unchangedSeconds", .seconds(still)),
        EvidenceItem(
          "expiresInSeconds", oldest.timeToLive.map { .number($0.value) } ?? .text("never")),
        EvidenceItem("stuckChords", .count(chords.count)),
        EvidenceItem("groupIDs", .list(chords.prefix(10).map(\.groupID))),
      ],
      remedy: "run the missing part again or call the body by hand; acks_late and"
        + " reject_on_worker_lost keep parts from being lost")
  }
}
