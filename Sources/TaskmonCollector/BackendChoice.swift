import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Which Redis holds the results: `--backend`, else what a worker's `conf` says, else the broker.
struct BackendChoice: Sendable {
  let configuration: MonitorConfiguration
  let book: InspectionBook
  /// Workers have been asked once.
  let inspected: Bool
  /// Why they cannot be asked now, though we would.
  var silence: String?

  var url: Observation<RedisURL> {
    if let backend = configuration.backend { return .value(backend) }
    guard inspected else { return .unavailable("not known before a worker has told its backend") }
    let told = book.workers.sorted { $0.key < $1.key }
      .compactMap(\.value.backend)
    guard let text = told.first else {
      guard let silence, !configuration.isReadOnly else { return .value(configuration.broker) }
      return .unavailable("no worker could be asked for its result backend: \(silence)")
    }
    guard let url = try? RedisURL(text) else {
      return .unavailable("the workers' result backend is not Redis (\(scheme(of: text)))")
    }
    return .value(withCredentials(url))
  }

  private func scheme(of text: String) -> String {
    String(text.prefix { $0 != ":" && $0 != "/" }.prefix(32))
  }

  /// Workers mask their passwords and name files of their own machines; where it is the same
  /// server, the way we go to the broker is right.
  private func withCredentials(_ url: RedisURL) -> RedisURL {
    let broker = configuration.broker
    guard url.location == broker.location else { return url.with(username: nil, password: nil) }
    return broker.withDatabase(url.database)
  }
}
