import TaskmonModel
import TaskmonUnits

/// Tasks are sent with arguments so large that the queue takes up Redis' memory.
package struct OversizedMessage: Rule {
  package static let id: RuleID = "oversized-message"
  package static let antipattern = Antipattern.antipattern(11)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.queueScan]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", ByteCount.kibibytes(64), help: "a message of at least this size"),
    Threshold("critical", ByteCount.mebibytes(1), help: "a message of at least this size"),
  ]
  package static let page = RulePage(
    summary: "Messages carry arguments so large that a short queue fills Redis.",
    whyItHurts: """
      A message lies in Redis while it waits, and after that while a worker holds it: a thousand \
      tasks with a file of a megabyte each are over a gigabyte, in the memory that all queues \
      share. Every hand-over copies it, a restore after the visibility timeout copies it again, \
      and while Redis copies megabytes it answers nobody else.
      """,
    detection: """
      The size of the next and the newest message of each queue, and of those that workers hold \
      unacknowledged. Where the average of the list, by MEMORY USAGE, is more than twice the \
      larger of its two ends, it is told instead, marked as an estimate: some message between them \
      is at least that large. 64 KiB is a warning, 1 MiB critical.
      """,
    blindSpots: """
      Messages in the middle of a list are not measured one by one: a few large ones among many \
      small are seen when they reach an end, or a worker. An average is of what Redis has \
      allocated, up to a quarter more than the messages: it must be as much above the limit. The \
      size is that of the message in Redis, a third more than its arguments, for kombu writes them \
      in base64.
      """,
    confirm: """
      Measure without reading the arguments:

          redis-cli -u redis://HOST:6379/0 MEMORY USAGE 'QUEUE' SAMPLES 5
          redis-cli -u redis://HOST:6379/0 LLEN 'QUEUE'
          redis-cli -u redis://HOST:6379/0 ZRANGE unacked_index 0 9
          redis-cli -u redis://HOST:6379/0 HSTRLEN unacked DELIVERY_TAG

      The first divided by the second is the average. ZRANGE lists delivery tags, those held \
      longest first. celery -A APP inspect reserved would send all those arguments through Redis \
      once more.
      """,
    remedy: """
      Send a reference and let the task fetch the thing:

          upload = storage.save(file)
          process_file.delay(upload.id)

      Pass database ids instead of serialised objects, and split lists of thousands into chunks. \
      Compression softens it; it does not mend it:

          process_file.apply_async(args, compression="gzip")
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let queues = try scene.queues.known
    var seen: [String: [Measured]] = [:]
    var doubts: [String] = []
    for queue in queues where queue.ready > 0 {
      let limit = min(
        limits.bytes("warning", for: queue.name), limits.bytes("critical", for: queue.name))
      // Of thousands of queues few hold a large one: the others need no closer look.
      if let largest = Measured.largest(of: queue), largest < limit { continue }
      let measured = Measured.ends(of: queue)
      if measured.isEmpty {
        let reason = queue.largest?.reason ?? queue.head?.reason ?? "not read yet"
        doubts.append("the size of messages in \(queue.name): \(reason)")
      }
      seen[queue.name] = measured
    }
    if let reason = snapshot.unacked.reason { doubts.append("unacknowledged messages: \(reason)") }
    for held in snapshot.unacked.value?.sample ?? [] {
      let queue = held.queue.isEmpty ? "unknown queue" : held.queue
      seen[queue, default: []].append(Measured(held))
    }
    let waiting = Dictionary(queues.map { ($0.name, $0.ready) }, uniquingKeysWith: +)
    let findings = seen.sorted { $0.key < $1.key }.compactMap { queue, measured in
      finding(queue, measured, ready: waiting[queue] ?? 0, limits, at: snapshot.takenAt)
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }

  private func finding(
    _ queue: String, _ measured: [Measured], ready: Int, _ limits: ThresholdValues,
    at now: Timestamp
  ) -> Finding? {
    let critical = limits.bytes("critical", for: queue)
    let limit = min(limits.bytes("warning", for: queue), critical)
    let large = measured.filter { $0.least >= limit }
    guard let largest = large.max(by: { $0.least < $1.least }) else { return nil }
    let single = large.filter { !$0.isEstimate }
    let total = single.reduce(ByteCount.zero) { $0 + $1.size }
    let noun = single.count == 1 ? "message" : "messages"
    // How many are large an average does not tell.
    let counted = [
      EvidenceItem("largeMessages", .count(single.count)),
      EvidenceItem("largeMessagesBytes", .bytes(total)),
    ]
    return Finding(
      rule: Self.id, severity: largest.least >= critical ? .critical : .warning, subject: queue,
      message: largest.isEstimate
        ? "an average of about \(largest.size.text) in \(ready.grouped) messages"
        : "\(largest.size.text) in one message; \(single.count.grouped) large \(noun) seen,"
          + " \(total.text) in all",
      since: now,
      evidence: [
        EvidenceItem("largestBytes", .bytes(largest.size)),
        EvidenceItem("limitBytes", .bytes(limit)),
        EvidenceItem("isEstimate", .flag(largest.isEstimate)),
        EvidenceItem("task", .text(orUnknown: largest.task)),
        EvidenceItem("taskID", .text(orUnknown: largest.taskID)),
        EvidenceItem("where", .text(largest.isHeld ? "unacknowledged" : "waiting")),
      ] + (largest.isEstimate ? [EvidenceItem("messages", .count(ready))] : counted),
      remedy: "\(largest.task.map { "send \($0)" } ?? "send its tasks") a reference"
        + " (an id, a storage key) instead of the data itself")
  }
}

/// One message whose size is known.
private struct Measured {
  var size: ByteCount
  var isEstimate = false
  var isHeld = false
  var task: String?
  var taskID: String?

  /// What the message certainly has: an allocator rounds up, by a quarter at most.
  var least: ByteCount { isEstimate ? ByteCount(size.value / 5 * 4) : size }

  init(_ held: UnackedMessage) {
    size = held.size
    isHeld = true
    task = held.message.value?.task
    taskID = held.message.value?.taskID
  }

  init(_ message: MessageFacts) {
    size = message.size
    task = message.task
    taskID = message.taskID
  }

  init(_ largest: LargestMessage) {
    size = largest.size
    isEstimate = largest.isEstimate
    task = largest.task
    taskID = largest.taskID
  }

  /// The most that any message of a queue's list is known to have; nil where none was measured.
  static func largest(of queue: SeenQueue) -> ByteCount? {
    func size(_ message: Observation<MessageFacts>?) -> ByteCount? {
      guard case .value(let facts)? = message else { return nil }
      return facts.size
    }
    let sizes = [size(queue.head), size(queue.newest), queue.largest?.value?.size]
    return sizes.compactMap(\.self).max()
  }

  /// What is known of a queue's list: its ends and the largest met in it, each message once.
  static func ends(of queue: SeenQueue) -> [Measured] {
    let head = queue.head?.value
    let newest = queue.newest?.value
    var found = head.map { [Measured($0)] } ?? []
    if let newest, newest.deliveryTag != head?.deliveryTag { found.append(Measured(newest)) }
    guard let largest = queue.largest?.value else { return found }
    let isKnown = found.contains { $0.taskID != nil && $0.taskID == largest.taskID }
    return isKnown ? found : found + [Measured(largest)]
  }
}
