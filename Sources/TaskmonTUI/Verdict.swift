import TaskmonHealth
import TaskmonUnits

/// How an audit's verdict is said.
extension TaskAudit.Fault {
  var word: String {
    switch self {
    case .fragile: "fragile"
    case .runsTwice: "may run twice"
    case .endless: "no limit"
    case .unenforced: "limit idle"
    case .differs: "differs"
    case .unknown: "?"
    case .lossy: "lost if killed"
    }
  }

  var role: Role {
    switch self {
    case .fragile, .runsTwice, .endless, .unenforced, .differs: .warning
    case .unknown: .unknown
    case .lossy: .dim
    }
  }

  /// `visibility` is how long Redis waits for an acknowledgement.
  func sentence(_ visibility: Seconds) -> String {
    switch self {
    case .fragile:
      "acknowledged early, not tried again, without a limit: whatever goes wrong, it is lost"
    case .runsTwice:
      "acknowledged late, and nothing ends it before Redis hands it out again after"
        + " \(visibility.text)"
    case .endless: "nothing ends a run that hangs"
    case .unenforced:
      "its pool cannot end a run: threads, solo, eventlet ignore limits, gevent soft ones"
    case .differs: "not the same on all workers: which holds is for chance to say"
    case .unknown: "not all of it is known"
    case .lossy: "it is not run again where its process or its worker is killed"
    }
  }

  static let fine = "ok"
}
