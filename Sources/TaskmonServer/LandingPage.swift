import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The page at `/`: status, findings, queues, workers and links, in HTML without script.
enum LandingPage {
  static func html(
    broker: BrokerIdentity, version: String, snapshot: Snapshot?, report: HealthReport?
  ) -> String {
    let name = broker.name.map { "\($0) (\(broker.url))" } ?? broker.url
    let status = report?.status.rawValue ?? "unknown"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <meta http-equiv="refresh" content="10">
      <title>taskmon: \(escaped(status))</title>
      <link rel="stylesheet" href="/style.css">
      </head>
      <body>
      <h1>taskmon <small>\(escaped(version))</small></h1>
      <p>\(escaped(name)): <strong class="\(escaped(status))">\(escaped(status))</strong></p>
      <p>\(escaped(freshness(of: snapshot)))</p>
      \(findings(report))
      \(queues(snapshot))
      \(workers(snapshot))
      <h2>Links</h2>
      <ul>
      <li><a href="/metrics">/metrics</a>: for Prometheus</li>
      <li><a href="/api/v1/health">/api/v1/health</a>: the findings as JSON</li>
      <li><a href="/-/healthy">/-/healthy</a>, <a href="/-/ready">/-/ready</a>, \
      <a href="/health">/health</a>: for probes</li>
      </ul>
      </body>
      </html>

      """
  }

  static let style = """
    body { font: 16px/1.4 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; }
    table { border-collapse: collapse; width: 100%; }
    th, td { border-bottom: 1px solid #ccc; padding: .3em .6em; text-align: left; }
    td, li { overflow-wrap: anywhere; }
    .number { text-align: right; }
    .critical { color: #b00020; } .warning { color: #945400; } .healthy { color: #0a6b2d; }
    @media (prefers-color-scheme: dark) {
      body { background: #111; color: #ddd; } a { color: #8ab4f8; }
      .critical { color: #ff7a85; } .warning { color: #ffb74d; } .healthy { color: #7bd88f; }
    }

    """

  private static func freshness(of snapshot: Snapshot?) -> String {
    guard let snapshot else { return "No snapshot has been taken yet." }
    let polled = snapshot.polledAt.map { "read \($0.iso8601)" } ?? "never read"
    switch snapshot.link {
    case .up: return "Redis answers; \(polled)."
    case .connecting: return "Connecting to Redis; \(polled)."
    case .down(let failure):
      return "STALE, \(polled). Redis does not answer since \(failure.since.iso8601): "
        + failure.sentence
    }
  }

  /// Rows shown of each table; the rest is counted.
  private static let rows = 100

  private static func findings(_ report: HealthReport?) -> String {
    guard let report else { return table("Findings", nil, [], "Nothing has been judged yet.") }
    let lines = report.present.map { finding in
      [
        .text(finding.severity.rawValue, style: finding.severity.rawValue),
        .text(finding.rule.rawValue), .text(finding.subject), .text(finding.message),
        .text(finding.since.iso8601),
      ] as [Cell]
    }
    let judged = report.unknown.isEmpty ? "" : " \(report.unknown.count) rules could not judge."
    let silenced = report.silenced.isEmpty ? "" : " \(report.silenced.count) silenced."
    return table(
      "Findings", ["Severity", "Rule", "Subject", "What", "Since"], lines,
      "None.\(silenced)\(judged)")
  }

  private static func queues(_ snapshot: Snapshot?) -> String {
    let facts = snapshot?.queues ?? .unavailable("not read yet")
    let lines = (facts.value ?? []).map { queue in
      [
        .text(queue.name), .number(queue.ready.grouped),
        .number(queue.unacked.value.map(\.grouped) ?? "?"),
      ] as [Cell]
    }
    return table(
      "Queues", ["Queue", "Ready", "Unacknowledged"], lines,
      facts.reason.map { "Unknown: \($0)." } ?? "None.")
  }

  private static func workers(_ snapshot: Snapshot?) -> String {
    let facts = snapshot?.workers ?? .unavailable("not read yet")
    let lines = (facts.value ?? []).map { worker in
      [
        .text(worker.id.name), .number(worker.id.pid.map { "\($0)" } ?? "?"),
        .number(worker.active.map(\.grouped) ?? "?"),
        .number(worker.processed.map(\.grouped) ?? "?"),
        .text(worker.offlineSince.map { "stopped \($0.iso8601)" } ?? heard(worker)),
      ] as [Cell]
    }
    return table(
      "Workers", ["Worker", "Process", "Running", "Done", "State"], lines,
      facts.reason.map { "Unknown: \($0)." } ?? "None.")
  }

  private static func heard(_ worker: WorkerFacts) -> String {
    worker.lastProof.map { "last heard \($0.iso8601)" } ?? "?"
  }

  private enum Cell {
    case text(String, style: String = "")
    case number(String)

    var html: String {
      switch self {
      case .text(let text, ""): "<td>\(escaped(text))</td>"
      case .text(let text, let style): "<td class=\"\(escaped(style))\">\(escaped(text))</td>"
      case .number(let text): "<td class=\"number\">\(escaped(text))</td>"
      }
    }
  }

  private static func table(
    _ title: String, _ head: [String]?, _ lines: [[Cell]], _ otherwise: String
  ) -> String {
    let heading = "<h2>\(escaped(title))</h2>\n"
    guard !lines.isEmpty, let head else { return heading + "<p>\(escaped(otherwise))</p>" }
    let columns = head.map { "<th>\(escaped($0))</th>" }.joined()
    let body = lines.prefix(rows).map { "<tr>" + $0.map(\.html).joined() + "</tr>" }
    let rest = lines.count > rows ? "\n<p>and \((lines.count - rows).grouped) more</p>" : ""
    return heading + "<table>\n<tr>\(columns)</tr>\n" + body.joined(separator: "\n")
      + "\n</table>" + rest
  }

  /// Text as HTML shows it; control characters, which HTML does not allow, become U+FFFD.
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars.prefix(2_000) {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\n", "\t": out += " "
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): out += "\u{FFFD}"
      case _: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
