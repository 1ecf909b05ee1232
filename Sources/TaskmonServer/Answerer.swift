import Synchronization
import TaskmonExposition
import TaskmonHealth
import TaskmonModel

/// Answers questions from the latest view; knows no sockets.
struct Answerer: Sendable {
  let hosts: HostGuard
  let options: ExpositionOptions
  let view: @Sendable () -> ServedState?
  private let dropped = DroppedSeries()

  init(
    hosts: HostGuard, options: ExpositionOptions, view: @escaping @Sendable () -> ServedState?
  ) {
    self.hosts = hosts
    self.options = options
    self.view = view
  }

  func answer(_ question: Question) -> Answer {
    switch hosts.judge(question.host) {
    case .accepted: break
    case .missing: return .line(.badRequest, "The request has no Host header.")
    case .malformed: return .line(.badRequest, "The Host header is not a host name.")
    case .refused:
      return .line(
        .forbidden, "This name is not one of taskmon's; allow it with --allowed-hosts.")
    }
    guard question.path.hasPrefix("/") else {
      return .line(.badRequest, "The request names no path.")
    }
    guard let endpoint = Endpoint(rawValue: question.path) else {
      return .line(.notFound, "There is nothing here; see / for what there is.")
    }
    guard question.method == "GET" || question.method == "HEAD" else {
      return .line(.methodNotAllowed, "Only GET and HEAD are answered here.")
    }
    return answer(endpoint, accept: question.accept)
  }

  private func answer(_ endpoint: Endpoint, accept: String?) -> Answer {
    switch endpoint {
    case .landing:
      Answer(status: .ok, contentType: Answer.html, body: Array(landingPage.utf8))
    case .style:
      Answer(status: .ok, contentType: Answer.css, body: Array(LandingPage.style.utf8))
    case .metrics: metrics(as: MediaChoice.format(accept: accept))
    case .alive: .line(.ok, "taskmon is alive.")
    case .ready: readiness
    case .broker: brokerState
    case .document: document
    }
  }

  private var landingPage: String {
    let state = view()
    return LandingPage.html(
      broker: options.broker, version: options.build.version, snapshot: state?.history.latest,
      report: state?.report)
  }

  private func metrics(as format: ExpositionFormat) -> Answer {
    let state = view()
    let exposition = Exposition(
      ExpositionInput(
        history: state?.history ?? SnapshotHistory(), report: state?.report,
        process: state?.process, droppedBefore: dropped.total, options: options))
    dropped.keep(exposition.dropped)
    return Answer(
      status: .ok, contentType: format.contentType, body: Array(exposition.text(as: format).utf8))
  }

  /// Ready once Redis has answered, and from then on: while Redis is away `taskmon_up 0` and the
  /// finding must still be fetched.
  private var readiness: Answer {
    guard let snapshot = view()?.history.latest else {
      return .line(.serviceUnavailable, "Not ready: no snapshot has been taken yet.")
    }
    guard snapshot.polledAt != nil else {
      let reason = snapshot.link.failure?.sentence ?? "Redis has not answered yet."
      return .line(.serviceUnavailable, "Not ready: \(reason)")
    }
    return .line(.ok, "taskmon is ready.")
  }

  /// The texts and codes of celery-exporter, which liveness probes are configured for.
  private var brokerState: Answer {
    let url = options.broker.url
    guard view()?.history.latest?.link.isUp == true else {
      return .line(.internalServerError, "Failed to connect to broker: '\(url)'")
    }
    return .line(.ok, "Connected to the broker \(url)")
  }

  private var document: Answer {
    guard let state = view() else {
      return Answer(
        status: .serviceUnavailable, contentType: Answer.json,
        body: Array(#"{"error":"no snapshot has been taken yet"}"#.utf8))
    }
    return Answer(status: .ok, contentType: Answer.json, body: state.healthDocument())
  }
}

/// What all pages so far have left out; never falls, for it is a counter.
private final class DroppedSeries: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  var total: [String: Int] { counts.withLock { $0 } }

  func keep(_ newer: [String: Int]) {
    counts.withLock { $0.merge(newer, uniquingKeysWith: max) }
  }
}

/// Which of the two formats a scraper would rather have.
enum MediaChoice {
  /// OpenMetrics only for who names it, and likes it at least as well as plain text.
  static func format(accept: String?) -> ExpositionFormat {
    var openMetrics = 0.0
    var text = 0.0
    for range in (accept ?? "").split(separator: ",").prefix(32) {
      let parts = range.split(separator: ";").map { trimmed($0).lowercased() }
      let quality = quality(of: parts)
      switch parts.first {
      case "application/openmetrics-text" where speaksOurVersion(parts):
        openMetrics = max(openMetrics, quality)
      case "text/plain", "text/*": text = max(text, quality)
      case _: break
      }
    }
    return openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
  }

  private static func quality(of parts: [String]) -> Double {
    guard let text = parts.first(where: { $0.hasPrefix("q=") })?.dropFirst(2) else { return 1 }
    return Double(text).flatMap { $0.isFinite ? min(max($0, 0), 1) : nil } ?? 0
  }

  private static func speaksOurVersion(_ parts: [String]) -> Bool {
    guard let version = parts.first(where: { $0.hasPrefix("version=") }) else { return true }
    return version == "version=1.0.0"
  }

  private static func trimmed(_ text: Substring) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let head = text.drop(while: isBlank)
    return String(head.reversed().drop(while: isBlank).reversed())
  }
}
