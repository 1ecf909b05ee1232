import Logging
import RedisClient
package import TaskmonModel
import TaskmonUnits

/// Asking workers to send task events: by themselves under `enablesEvents`, else when told to.
extension Monitor {
  /// Asks these workers now; nothing is sent where nothing may be written.
  package func enableEvents(of workers: [WorkerID]) async -> EventsOutcome {
    do throws(RedisError) {
      let outcome = try await enabler.enable(workers)
      // Who has agreed is not to be asked again because the last snapshot does not know it.
      await publish()
      return outcome
    } catch {
      return .silent(error.description)
    }
  }

  /// Asks whoever is not known to send task events, until cancelled.
  func enableEventsForever() async {
    while !Task.isCancelled {
      let workers = history.latest?.quietWorkers ?? []
      let due = await enabler.due(workers)
      if !due.isEmpty {
        switch await enableEvents(of: due) {
        case .silent(let reason):
          logger.notice("no worker was asked for task events", metadata: ["reason": "\(reason)"])
        case .asked(let agreed, let refused, let silent):
          logger.notice(
            "workers were asked for task events",
            metadata: [
              "agreed": "\(agreed.count)", "refused": "\(refused.count)",
              "silent": "\(silent.count)",
            ])
        }
      }
      do { try await time.sleep(Seconds(2)) } catch { return }
    }
  }

  /// What workers agreed to is known before their first task event comes.
  func noteEnabledEvents(in snapshot: inout Snapshot) async {
    guard case .value(var workers) = snapshot.workers else { return }
    await enabler.keepOnly(Set(workers.map(\.id)))
    let enabled = await enabler.enabled
    guard !enabled.isEmpty else { return }
    for index in workers.indices {
      guard let moment = enabled[workers[index].id] else { continue }
      workers[index].eventsEnabledAt = moment
      if workers[index].sendsTaskEvents == .value(false) {
        workers[index].sendsTaskEvents = .unavailable(
          "it agreed to send them and has finished no task since")
      }
    }
    snapshot.workers = .value(workers)
  }
}
