import CeleryProtocol
import RedisClient
import TaskmonCollector
import TaskmonUnits

/// The part that is measured: taskmon's way of events, from the socket into the ledger.
///
/// Prints what came: events, messages that were none, tasks tracked, and when the last one came.
struct Listening {
  private let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func run() async throws {
    var budget = CollectionBudget()
    budget.trackedTasks = settings.tasks
    let tap = EventTap(budget: budget, time: Clock.source)
    let url = try RedisURL("redis+socket://\(settings.socket)")
    let pattern = KeyLayout(database: 0).eventPattern
    let subscription = RedisSubscription(url: url, time: Clock.source, patterns: [pattern])
    let stream = Task {
      await tap.run(subscription, pattern: pattern)
    }
    var last = (events: 0, at: Clock.uptime)
    // Half a minute of nothing at all, or two seconds once something came, is the end.
    while last.events < settings.events,
      Clock.uptime - last.at < (last.events > 0 ? 2 : 30)
    {
      try await Clock.source.sleep(.milliseconds(2))
      let events = tap.tally.events
      if events != last.events { last = (events, Clock.uptime) }
    }
    let tally = tap.tally
    print(tally.events, tally.undecodable, tally.trackedTasks, last.at)
    stream.cancel()
    await stream.value
  }
}
