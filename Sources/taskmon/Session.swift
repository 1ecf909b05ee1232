import Dispatch
import Glibc
import Logging
import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// What one evaluation of one snapshot says.
struct SessionView: Sendable {
  var history: SnapshotHistory
  var report: HealthReport
  var firstRoundsDone: Bool
}

/// A monitor and the evaluator behind it, run until the consumer has seen enough.
struct Session: Sendable {
  let monitor: Monitor
  let thresholds: ThresholdOverrides
  let hold: Seconds
  let silences: SilenceKeeper

  init(
    _ configuration: MonitorConfiguration, thresholds: ThresholdOverrides,
    silences: SilenceKeeper = SilenceKeeper(path: nil), hold: Seconds = Seconds(60), logger: Logger,
    history: SnapshotHistory = SnapshotHistory()
  ) {
    monitor = Monitor(
      configuration, time: SystemClock.source, logger: logger, history: history)
    self.thresholds = thresholds
    self.hold = hold
    self.silences = silences
  }

  /// Hands over each view until the consumer returns false or the task is cancelled; then the
  /// monitor is stopped and has cleaned up.
  func run(_ consume: @escaping @Sendable (SessionView) async -> Bool) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await monitor.run() }
      group.addTask {
        var evaluator = Evaluator(thresholds: thresholds, hold: hold)
        var book = SilenceBook()
        for await update in monitor.updates {
          book.silences = silences.current()
          let (report, over) = book.apply(to: evaluator.evaluate(update.history))
          silences.drop(over)
          let view = SessionView(
            history: update.history, report: report,
            firstRoundsDone: update.firstRoundsDone)
          guard await consume(view) else { return }
        }
      }
      await group.next()
      group.cancelAll()
    }
  }
}

/// Runs asynchronous work from the main thread, which waits for it.
enum Blocking {
  /// The work is cancelled by SIGINT and SIGTERM; `signal` then tells which.
  static func run<Answer: Sendable>(
    _ work: @escaping @Sendable () async throws -> Answer
  ) throws -> (answer: Answer, signal: Int32?) {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome<Answer>()
    let task = Task {
      let result: Result<Answer, any Error>
      do { result = .success(try await work()) } catch { result = .failure(error) }
      outcome.set(result)
      done.signal()
    }
    let sources = [SIGINT, SIGTERM].map { number in
      // The default action would end the process before the source is asked.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        outcome.note(signal: number)
        task.cancel()
      }
      source.resume()
      return source
    }
    done.wait()
    for source in sources { source.cancel() }
    return (try outcome.get(), outcome.signal)
  }
}
