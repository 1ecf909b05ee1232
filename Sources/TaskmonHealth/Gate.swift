import TaskmonModel

/// Whether all queues were looked for.
struct QueueScan {
  /// Why more may be there than are known; nil where there are not.
  private let gap: String?

  init(_ snapshot: Snapshot) {
    let pass = snapshot.collectors.first { $0.name == CollectorStatus.bindings }
    let isDone = snapshot.presence.value?.scanComplete ?? pass.map { $0.failure == nil } ?? false
    gap = isDone ? nil : pass?.failure ?? "the scan for queues is not done"
  }

  /// Before, findings count, and the absence of findings proves nothing.
  func pass(_ rule: any Rule.Type, judge: () -> Verdict) -> Verdict {
    let verdict = judge()
    guard let gap, verdict == .healthy, rule.needs.contains(.queueScan) else { return verdict }
    return .unknown(gap)
  }
}

/// Whether there is anything to judge: a broker that answers, in whose database Celery lives.
enum Gate {
  case open
  /// Celery has not been found yet: findings count, the absence of findings proves nothing.
  case undecided(String)
  /// This database is none of Celery's.
  case shut(String)
  case unreachable

  init(_ snapshot: Snapshot) {
    guard snapshot.link.isUp else {
      self = .unreachable
      return
    }
    self =
      switch CelerySearch(snapshot) {
      case .found, .unreadable: .open
      case .searching(let sentence): .undecided(sentence)
      case .absent(let sentence): .shut(sentence)
      }
  }

  var isShut: Bool {
    if case .shut = self { true } else { false }
  }

  /// The verdict of a rule behind this gate; `judge` is called only where it may speak.
  func pass(_ rule: any Rule.Type, judge: () -> Verdict) -> Verdict {
    if rule.id == BrokerUnreachable.id { return judge() }
    switch self {
    case .open: return judge()
    case .unreachable: return .unknown("broker unreachable")
    case .shut(let sentence):
      return rule.id == NoCeleryHere.id ? judge() : .unknown(sentence)
    case .undecided(let sentence):
      let verdict = judge()
      return verdict == .healthy ? .unknown(sentence) : verdict
    }
  }
}
