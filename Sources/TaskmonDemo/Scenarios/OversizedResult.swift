import CeleryProtocol
import TaskmonUnits

extension Scenario {
  /// A task returns whole exports instead of saying where it put them.
  static let oversizedResult = Scenario(
    name: "oversized-result",
    summary: "reports.export returns 3.4 MiB into the result backend, and others of 100 KiB",
    acts: [
      // Runs of the last minute: results are looked for twice a minute, and no oftener.
      Act { fleet, now in
        let before = now - .seconds(20)
        fleet.leaveResult(of: "reports.export", returning: whole, at: before)
        for _ in 0..<4 {
          fleet.leaveResult(of: "reports.export", returning: part, at: before)
        }
        fleet.publish(task: "reports.export", returning: part, at: now)
      },
      // Results expire: one more now and then, so that the habit stays visible.
      Act(after: .minutes(10), every: .minutes(10)) { fleet, now in
        fleet.publish(task: "reports.export", returning: whole, at: now)
      },
    ])

  private static let whole = JSONValue.string(rows(bytes: 3_565_158))
  private static let part = JSONValue.string(rows(bytes: 102_400))

  /// Lines as an export has them, so many bytes of them.
  private static func rows(bytes: Int) -> String {
    let line = Array("2026-01-02;10042;shipped;129.90;EUR;Berlin|".utf8)
    let whole = Array(repeating: line, count: bytes / line.count + 1).joined()
    return String(decoding: whole.prefix(bytes), as: UTF8.self)
  }
}
