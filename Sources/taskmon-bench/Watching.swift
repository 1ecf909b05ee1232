import Logging
import RedisClient
import TaskmonCollector
import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The part that is measured: observing, judging and writing a page of metrics, as `serve` does.
///
/// Prints, as numbers in one line: polls, their median and longest time, and what all of it asked
/// of Redis: commands, round trips, bytes sent and received; then how the passes over the results
/// went: how many were complete and how many results were seen; then the queues followed, the
/// longest time a page of metrics took, and the shares of Redis' time that taskmon says it takes.
struct Watching {
  private let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  /// Prometheus asks about as often.
  private static let scrape = Seconds(15)

  func run() async throws {
    let url = try RedisURL("redis+socket://\(settings.socket)")
    let configuration = MonitorConfiguration(broker: url)
    let monitor = Monitor(
      configuration, time: Clock.source,
      logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    let observation = Task { await monitor.run() }
    let end = Clock.source.uptime() + Seconds(Double(settings.seconds))
    var evaluator = Evaluator()
    var diary = Diary()
    for await update in monitor.updates {
      let report = evaluator.evaluate(update.history)
      diary.note(update.history, report, broker: configuration.identity)
      if Clock.source.uptime() >= end { break }
    }
    observation.cancel()
    await observation.value
    print(diary.numbers.map { "\($0)" }.joined(separator: " "))
  }

  /// What the measurement remembers.
  private struct Diary {
    private var polls: [Double] = []
    private var lastPoll: Timestamp?
    private var scraped: Seconds?
    private var longestPage = 0.0
    private var latest: Snapshot?

    mutating func note(
      _ history: SnapshotHistory, _ report: HealthReport, broker: BrokerIdentity
    ) {
      guard let snapshot = history.latest else { return }
      latest = snapshot
      let status = snapshot.collectors.first { $0.name == CollectorStatus.queueLengths }
      if let status, status.ranAt != lastPoll {
        lastPoll = status.ranAt
        polls.append(status.duration.value)
      }
      let now = Clock.source.uptime()
      if let scraped, now - scraped < Watching.scrape { return }
      scraped = now
      let options = ExpositionOptions(
        broker: broker, build: BuildInfo(version: "bench", revision: "", swift: ""))
      let page = Exposition(
        ExpositionInput(history: history, report: report, options: options))
      _ = page.text(as: .text)
      longestPage = max(longestPage, (Clock.source.uptime() - now).value)
    }

    var numbers: [Double] {
      let sorted = polls.sorted()
      let cost = latest?.cost ?? OwnCost()
      let results = latest?.results.value
      return [
        Double(polls.count), sorted.isEmpty ? .nan : sorted[sorted.count / 2], sorted.last ?? .nan,
        Double(cost.commands.values.reduce(0, +)), Double(cost.roundTrips),
        Double(cost.bytesSent.value), Double(cost.bytesReceived.value),
        Double(results?.completedPasses ?? 0), Double(results?.count ?? 0),
        Double(latest?.queues.value?.count ?? 0), longestPage, cost.redisShare ?? .nan,
        cost.scanShare ?? .nan,
      ]
    }
  }
}
