extension TaskStatistics {
  /// Every task, those there was no room for as one.
  package var everything: [TaskFacts] { tasks + (other.map { [$0] } ?? []) }

  /// Everything within the last ten minutes.
  package var recentSum: TaskCounts { everything.reduce(.zero) { $0 + $1.recent.counts } }

  /// Everything within the last minute.
  package var minuteSum: TaskCounts { everything.reduce(.zero) { $0 + $1.minute } }

  /// Runs ended in each of the last ten minutes, oldest first.
  package var completedByMinute: [Int] {
    everything.reduce(into: []) { sums, task in
      for (index, count) in task.completedByMinute.enumerated() {
        if index < sums.count {
          sums[index] = sums[index].addingClamped(count)
        } else {
          sums.append(count)
        }
      }
    }
  }
}
