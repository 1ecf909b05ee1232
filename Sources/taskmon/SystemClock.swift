import Dispatch
import FoundationEssentials
import Glibc
import TaskmonUnits

/// The one clock of the program: every other room gets this value and asks nobody else.
enum SystemClock {
  static let source = TimeSource(
    now: { Timestamp(secondsSince1970: Date().timeIntervalSince1970) },
    uptime: { Seconds(Double(DispatchTime.now().uptimeNanoseconds) / 1_000_000_000) },
    sleep: { wait in try await Task.sleep(for: max(.zero, wait).duration) })

  /// Local time minus UTC at a moment, for what the console shows.
  static func utcOffset(at moment: Timestamp) -> Seconds {
    var seconds = time_t(moment.secondsSince1970)
    var local = tm()
    guard localtime_r(&seconds, &local) != nil else { return .zero }
    return Seconds(Double(local.tm_gmtoff))
  }
}
