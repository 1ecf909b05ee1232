import CeleryProtocol
import TaskmonUnits

extension Scenario {
  /// A task returns whole exports instead of saying where it put them.
  static let oversizedResult = Scenario(
    name: "oversized-result",
    summary: "reports.export returns 3.4 MiB into the result backend, and others of 100 KiB",
    acts: [
      Act { fleet, now in
        fleet.publish(task: "reports.export", returning: .string(rows(bytes: 3_565_158)), at: now)
        for _ in 0..<5 {
          fleet.publish(task: "reports.export", returning: .string(rows(bytes: 102_400)), at: now)
        }
      },
      // Results expire: one more now and then, so that the habit stays visible.
      Act(after: .minutes(10), every: .minutes(10)) { fleet, now in
        fleet.publish(task: "reports.export", returning: .string(rows(bytes: 3_565_158)), at: now)
      },
    ])

  /// Lines as an export has them, so many bytes of them.
  private static func rows(bytes: Int) -> String {
    let line = Array("2026-01-02;10042;shipped;129.90;EUR;Berlin|".utf8)
    let whole = Array(repeating: line, count: bytes / line.count + 1).joined()
    return String(decoding: whole.prefix(bytes), as: UTF8.self)
  }
}
