import TaskmonModel
import TaskmonUnits

/// A message is or will be held for longer than the visibility timeout, and then runs twice.
package struct VisibilityTimeoutTooShort: Rule {
  package static let id: RuleID = "visibility-timeout-too-short"
  package static let antipattern = Antipattern.antipattern(3)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.controlReplies, .queueScan]
  package static let severities: [Severity] = [.warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("held", 0.8, .ratio, help: "share of the timeout a message is held without an eta"),
    Threshold(
      "assumed", WorkerSettings.Standard.visibilityTimeout,
      help: "the timeout where no worker told it"),
  ]
  package static let page = RulePage(
    summary:
      "Tasks are held for longer than the visibility timeout, so Redis hands them out again.",
    whyItHurts: """
      A worker that takes a message has the visibility timeout, one hour unless set, to \
      acknowledge it. After that any worker puts it back into the queue, although the first is \
      alive and at work on it. A task with an eta or countdown is held from the moment it is \
      fetched, so one for tomorrow is handed out every hour, to another worker each time, and at \
      its moment all of them run it. A late-acknowledged task that runs for longer than the \
      timeout starts again beside itself, and again.
      """,
    detection: """
      The timeout in force is the smallest that any live worker reports, for each of them \
      restores the messages of all queues. A message whose eta lies beyond it is a warning, \
      counted from its delivery or, while it waits in a queue, from now. So is a message held \
      for more than 0.8 of it, unless it waits for an eta within it or has done so until less than \
      a minute ago. Where no worker told its timeout and none was given, one hour is assumed and \
      the finding is an info.
      """,
    blindSpots: """
      Of many unacknowledged messages those held longest are looked at. Without answers to \
      control requests (--read-only) the timeout is not known: give it with \
      --visibility-timeout. How long a late-acknowledged task is going to run is not known \
      before it has.
      """,
    confirm: """
      See the oldest delivery (a time in seconds) and the setting:

          redis-cli -u redis://HOST:6379/0 ZRANGE unacked_index 0 0 WITHSCORES
          celery -A APP inspect conf | grep -A3 broker_transport_options
          celery -A APP inspect scheduled

      date -d @SCORE reads the time. Where grep finds no visibility_timeout, it is 3600 s.
      """,
    remedy: """
      Make the timeout longer than the longest eta, countdown, retry delay and late-acknowledged \
      run, for every application on this Redis alike:

          app.conf.broker_transport_options = {"visibility_timeout": 43200}

      It is also how long a killed worker's messages stay hidden, so do not make it days. For \
      what lies further ahead store the moment in the database and let a periodic task publish \
      what has become due. And write tasks so that a second run does no harm.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let timeout = scene.visibility.assuming(limits.seconds("assumed"))
    let messages = HeldMessage.all(in: scene)
    var returning: [String: [Return]] = [:]
    for message in messages {
      let share = limits.number("held", for: message.subject)
      guard let back = Return(of: message, timeout, share: share, now: snapshot.takenAt) else {
        continue
      }
      returning[message.subject, default: []].append(back)
    }
    if !returning.isEmpty {
      return .findings(
        returning.sorted { $0.key < $1.key }.compactMap { _, list in
          list.min { $0.moment < $1.moment }?.finding(among: list.count)
        })
    }
    if let reason = snapshot.unacked.reason { return .unknown(reason) }
    if let reason = snapshot.queues.reason { return .unknown(reason) }
    if let held = snapshot.unacked.value, held.count > 0, held.sample.isEmpty {
      return .unknown("none of the \(held.count.grouped) unacknowledged messages was read")
    }
    if !messages.isEmpty, let gap = timeout.gap { return .unknown(gap) }
    return .healthy
  }
}

/// A message that a worker holds, or that waits with an eta ahead.
private struct HeldMessage {
  /// Nil while it waits in a queue.
  var deliveredAt: Timestamp?
  var queue: String
  var facts: MessageFacts?

  var subject: String { facts?.task ?? "unknown task" }

  static func all(in scene: Scene) -> [HeldMessage] {
    let snapshot = scene.snapshot
    let unacked = snapshot.unacked.value
    var found = (unacked?.sample ?? []).compactMap { held in
      // What the index does not list is never handed out again.
      held.deliveredAt.map {
        HeldMessage(deliveredAt: $0, queue: held.queue, facts: held.message.value)
      }
    }
    if found.isEmpty, let oldest = unacked?.oldestDelivery {
      found.append(HeldMessage(deliveredAt: oldest, queue: "unknown queue"))
    }
    for queue in scene.queues.value ?? [] {
      // Few are: the ends of all others need not be looked at.
      guard
        queue.head.isPlanned(after: snapshot.takenAt)
          || queue.newest.isPlanned(after: snapshot.takenAt)
      else { continue }
      let ends = [queue.head?.value, queue.newest?.value].compactMap(\.self)
      let isOne = ends.count == 2 && ends[0].deliveryTag == ends[1].deliveryTag
      for end in isOne ? Array(ends.prefix(1)) : ends
      where (end.eta ?? .distantPast) > snapshot.takenAt {
        found.append(HeldMessage(queue: queue.name, facts: end))
      }
    }
    return found
  }
}

extension Observation<MessageFacts>? {
  fileprivate func isPlanned(after now: Timestamp) -> Bool {
    guard case .value(let message)? = self, let eta = message.eta else { return false }
    return eta > now
  }
}

extension Timestamp {
  fileprivate static let distantPast = Timestamp(secondsSince1970: -.infinity)
}

/// A message that Redis hands out again while it is held.
private struct Return {
  let message: HeldMessage
  let timeout: VisibilityTimeout
  let now: Timestamp
  /// When it is handed out again; for one that still waits, as if it were taken now.
  let moment: Timestamp
  let since: Timestamp

  /// How long after its eta a message may still be held.
  private static let patience = Seconds(60)

  /// Nil where it will have been acknowledged by then, as far as can be told.
  init?(of message: HeldMessage, _ timeout: VisibilityTimeout, share: Double, now: Timestamp) {
    self.message = message
    self.timeout = timeout
    self.now = now
    let start = message.deliveredAt ?? now
    moment = start + timeout.seconds
    // Until its eta it is held for good reason, and then it needs a moment to begin and to end.
    let begins = message.facts?.eta.map { $0 + Self.patience } ?? start
    let warned = min(moment, max(start + timeout.seconds * share, begins))
    if let eta = message.facts?.eta, eta > moment {
      since = start
    } else if let eta = message.facts?.eta, eta > now {
      return nil
    } else if message.deliveredAt != nil, now > warned {
      since = warned
    } else {
      return nil
    }
  }

  private var wait: Seconds? {
    message.facts?.eta.map { $0 - now }.flatMap { $0 > .zero ? $0 : nil }
  }

  private var sentence: String {
    let limit = timeout.seconds.text
    let name = "the visibility timeout of \(limit)\(timeout.isAssumed ? " (assumed)" : "")"
    let left = moment - now
    let again = left > .zero ? "again in \(left.text)" : "again at any moment"
    guard let delivered = message.deliveredAt else {
      return "a waiting message has its eta in \((wait ?? .zero).text), beyond \(name):"
        + " Redis hands it out again every \(limit) until then"
    }
    if let wait {
      return "a message is held for its eta in \(wait.text), beyond \(name):"
        + " Redis hands it out \(again)"
    }
    return "a message is unacknowledged for \((now - delivered).text) of \(name):"
      + " Redis hands it out \(again)"
  }

  func finding(among count: Int) -> Finding {
    Finding(
      rule: VisibilityTimeoutTooShort.id, severity: timeout.isAssumed ? .info : .warning,
      subject: message.subject,
      message: sentence + (count == 1 ? "" : "; \((count - 1).grouped) more like it"),
      since: since,
      evidence: [
        EvidenceItem("taskID", .text(orUnknown: message.facts?.taskID)),
        EvidenceItem("queue", .text(message.queue)),
        EvidenceItem("visibilityTimeoutSeconds", .seconds(timeout.seconds)),
        EvidenceItem("isAssumed", .flag(timeout.isAssumed)),
        EvidenceItem("etaInSeconds", wait.map { .number($0.value) } ?? .text("none")),
        EvidenceItem(
          "heldSeconds", message.deliveredAt.map { .seconds(now - $0) } ?? .text("not taken yet")),
        EvidenceItem("handedOutAgainAt", .text(moment.iso8601)),
        EvidenceItem("messages", .count(count)),
      ],
      remedy: "set broker_transport_options visibility_timeout above the longest eta and the"
        + " longest late-acknowledged run, on every worker, or publish nearer to the moment")
  }
}
