import Logging
import TaskmonModel
import TaskmonUnits

/// Following the workers' logs, beside everything else.
extension Monitor {
  /// What is behind after the first look is read at once, in so many further ones.
  private static let catchUps = 16

  /// Nil where no log is to be read.
  ///
  /// A disk that hangs must not keep us from ending: nobody waits for this task.
  func followLogs() -> Task<Void, Never>? {
    guard let reader = logReader else {
      firstRounds.insert(.logs)
      return nil
    }
    return Task { await self.followLogsForever(reader) }
  }

  private func followLogsForever(_ reader: WorkerLogReader) async {
    var told: [String] = []
    while !Task.isCancelled {
      for _ in 0..<Self.catchUps {
        let isBehind = await look(reader)
        guard isBehind, !firstRounds.contains(.logs), !Task.isCancelled else { break }
      }
      firstRounds.insert(.logs)
      let problems = facts.workerLogs?.problems ?? []
      for problem in problems where !told.contains(problem) {
        logger.notice("a worker's log is not read", metadata: ["reason": "\(problem)"])
      }
      told = problems
      do { try await time.sleep(configuration.budget.logPause) } catch { return }
    }
  }

  /// True where more is there than was read.
  private func look(_ reader: WorkerLogReader) async -> Bool {
    let begun = time.uptime()
    let reading = await reader.read(at: time.now())
    let ids = Set(reading.files.flatMap(\.recentIDs))
    let known = tap.with { state in
      Dictionary(
        ids.compactMap { id in state.ledger.task(id)?.worker.map { (id, $0) } },
        uniquingKeysWith: { $1 })
    }
    let writers = LogWriters(
      workerOfTask: { known[$0] }, workers: history.latest?.workers.value ?? [],
      tracks: history.workerLogs)
    facts.workerLogs = WorkerLogFacts(
      readAt: time.now(), files: reading.files.map(writers.named), problems: reading.problems)
    facts.note(
      WorkerLogReader.name, at: time.now(), duration: time.uptime() - begun,
      failure: reading.problems.first)
    return reading.isBehind
  }
}
