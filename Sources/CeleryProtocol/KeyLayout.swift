package import RedisClient

/// Where Celery, kombu and RedBeat keep what: the only place that spells their key names.
package struct KeyLayout: Sendable, Hashable {
  /// What kombu puts in front of a channel's exchange (`fanout_prefix`).
  package enum FanoutPrefix: Sendable, Hashable {
    /// `/{db}.`, the default.
    case database
    /// `fanout_prefix=False`.
    case none
    /// A text of one's own; `{db}` in it becomes the database.
    case text(String)
  }

  package let database: Int
  /// The broker's `global_keyprefix`.
  package let globalPrefix: String
  /// The result backend's, independent of the broker's.
  package let resultPrefix: String
  package let separator: String
  /// Most urgent first.
  package let prioritySteps: [Int]
  package let fanoutPrefix: FanoutPrefix
  /// `fanout_patterns`: whether channels end in `/` and the routing key.
  package let fanoutPatterns: Bool
  package let controlExchange: String
  package let eventExchange: String
  /// `redbeat_key_prefix`, which workers mask when they are asked for it.
  package var redBeatPrefix: String

  /// kombu's.
  package static let defaultSeparator = "\u{6}\u{16}"
  package static let defaultPrioritySteps = [0, 3, 6, 9]
  package static let defaultRedBeatPrefix = "redbeat:"

  package init(
    database: Int, globalPrefix: String = "", resultPrefix: String = "",
    separator: String = defaultSeparator, prioritySteps: [Int] = defaultPrioritySteps,
    fanoutPrefix: FanoutPrefix = .database, fanoutPatterns: Bool = true,
    controlExchange: String = "celery", eventExchange: String = "celeryev",
    redBeatPrefix: String = defaultRedBeatPrefix
  ) {
    self.database = database
    self.globalPrefix = globalPrefix
    self.resultPrefix = resultPrefix
    self.separator = separator
    self.prioritySteps = prioritySteps
    self.fanoutPrefix = fanoutPrefix
    self.fanoutPatterns = fanoutPatterns
    self.controlExchange = controlExchange
    self.eventExchange = eventExchange
    self.redBeatPrefix = redBeatPrefix
  }
}

// Queues and deliveries.
extension KeyLayout {
  /// The list of one priority step of a queue.
  package func messages(of queue: QueueName, step: Int = 0) -> RedisKey {
    broker(queue.bytes + (step == 0 ? [] : Array(separator.utf8) + Array(String(step).utf8)))
  }

  package func messages(of queue: String, step: Int = 0) -> RedisKey {
    messages(of: QueueName(queue), step: step)
  }

  /// What list this is; nil for reply lists and for keys of another prefix.
  package func queue(ofListKey key: RedisKey) -> QueueStep? {
    guard let name = Self.suffix(of: key.bytes, after: Array(globalPrefix.utf8)), !name.isEmpty,
      !Self.ends(name, with: ".reply.\(controlExchange).pidbox")
    else { return nil }
    for step in prioritySteps where step != 0 {
      let end = Array((separator + String(step)).utf8)
      if name.count > end.count, name.suffix(end.count).elementsEqual(end) {
        return QueueStep(queue: QueueName(bytes: Array(name.dropLast(end.count))), step: step)
      }
    }
    return QueueStep(queue: QueueName(bytes: name), step: 0)
  }

  /// Hash: delivery tag → message, exchange, routing key.
  package var unacked: RedisKey { broker("unacked") }
  /// Sorted set: delivery tag → moment of delivery.
  package var unackedIndex: RedisKey { broker("unacked_index") }
  /// The lock of a restore sweep.
  package var unackedMutex: RedisKey { broker("unacked_mutex") }
}

// Bindings.
extension KeyLayout {
  private static let bindingPrefix = "_kombu.binding."

  /// Set of `BindingMember`s.
  package func binding(exchange: QueueName) -> RedisKey {
    broker(Array(Self.bindingPrefix.utf8) + exchange.bytes)
  }

  /// The same for queues that do not expire; kombu 5.7 and later.
  package func permanentBinding(exchange: QueueName) -> RedisKey {
    broker(Array("_kombu.binding_permanent.".utf8) + exchange.bytes)
  }

  /// Sorted set: exchange → milliseconds after which its bindings may be swept; kombu 5.7.
  package var bindingDeadlines: RedisKey { broker("_kombu.binding_deadlines") }

  /// For `SCAN MATCH`: the binding sets of every key prefix.
  package static let anyBindingMatch = Array("*\(bindingPrefix)*".utf8)

  /// The key prefix in front of a binding set; nil for what is none.
  package static func globalPrefix(ofBindingKey key: RedisKey) -> String? {
    position(of: Array(bindingPrefix.utf8), in: key.bytes[...])
      .map { String(decoding: key.bytes[..<$0], as: UTF8.self) }
  }

  package func exchange(ofBindingKey key: RedisKey) -> QueueName? {
    Self.suffix(of: key.bytes, after: Array((globalPrefix + Self.bindingPrefix).utf8))
      .map(QueueName.init(bytes:))
  }

  /// Whether an exchange leads to task queues, and not to remote control, events or replies.
  package func carriesTasks(exchange: QueueName) -> Bool {
    let reply = Array("reply.".utf8)
    return !Self.ends(exchange.bytes, with: ".pidbox")
      && exchange != QueueName(eventExchange) && !exchange.bytes.starts(with: reply)
  }

  /// Nil for what is not a member of a binding set.
  package func bindingMember(_ bytes: [UInt8]) -> BindingMember? {
    let mark = Array(separator.utf8)
    guard !mark.isEmpty, let first = Self.position(of: mark, in: bytes[...]),
      let second = Self.position(of: mark, in: bytes[(first + mark.count)...])
    else { return nil }
    return BindingMember(
      routingKey: QueueName(bytes: Array(bytes[..<first])),
      pattern: QueueName(bytes: Array(bytes[(first + mark.count)..<second])),
      queue: QueueName(bytes: Array(bytes[(second + mark.count)...])))
  }

  package func bytes(of member: BindingMember) -> [UInt8] {
    let mark = Array(separator.utf8)
    return member.routingKey.bytes + mark + member.pattern.bytes + mark + member.queue.bytes
  }

  /// Keys of which at least one exists where Celery has ever been used.
  package var presenceMarkers: [RedisKey] {
    let exchanges = [
      pidboxExchange, replyExchange, QueueName(controlExchange), QueueName(eventExchange),
    ]
    return [bindingDeadlines] + exchanges.map(binding(exchange:))
      + [unacked, unackedIndex, redBeatSchedule]
  }
}

// Remote control.
extension KeyLayout {
  package var pidboxExchange: QueueName { QueueName("\(controlExchange).pidbox") }
  package var replyExchange: QueueName { QueueName("reply.\(controlExchange).pidbox") }

  /// Where requests to workers are published.
  package var controlChannel: RedisKey {
    broker(fanout + pidboxExchange.bytes)
  }

  /// The name of our reply list as a request spells it: without the key prefix.
  package func replyListName(owner: String) -> String {
    "\(ReplyListCommand.namePrefix)\(owner).reply.\(controlExchange).pidbox"
  }

  /// The list workers push their answers to; `owner` is a UUID, one per process of ours.
  package func replyList(owner: String) -> RedisKey { broker(replyListName(owner: owner)) }

  /// For `SCAN MATCH`: our reply lists, those of earlier runs included, and nobody else's.
  package var replyListMatch: [UInt8] {
    Self.globEscaped(globalPrefix + ReplyListCommand.namePrefix) + [UInt8(ascii: "*")]
      + Self.globEscaped(".reply.\(controlExchange).pidbox")
  }

  package func isOwnReplyList(_ key: RedisKey) -> Bool {
    key.bytes.starts(with: Array((globalPrefix + ReplyListCommand.namePrefix).utf8))
  }

  /// For `SCAN MATCH`: everybody's reply lists (and one binding set, which is no list).
  package var anyReplyListMatch: [UInt8] {
    Self.globEscaped(globalPrefix) + [UInt8(ascii: "*")]
      + Self.globEscaped(".reply.\(controlExchange).pidbox")
  }
}

// Results and RedBeat.
extension KeyLayout {
  private var resultStart: String { resultPrefix + "celery-task-meta-" }

  package func result(id: String) -> RedisKey { RedisKey(resultStart + id) }

  private var groupStart: String { resultPrefix + "celery-taskset-meta-" }

  /// Every stored result.
  package var resultMatch: [UInt8] { Self.globEscaped(resultStart) + [UInt8(ascii: "*")] }

  /// For `SCAN MATCH`: every stored result, and what groups and chords keep beside them.
  package var resultAndGroupMatch: [UInt8] {
    Self.globEscaped(resultPrefix) + Array("celery-task*-meta-*".utf8)
  }

  /// String: how many parts a chord was published with.
  package func chordSize(of group: String) -> RedisKey { RedisKey(groupStart + group + ".s") }
  /// String: how many parts were added later.
  package func chordAdded(of group: String) -> RedisKey { RedisKey(groupStart + group + ".t") }
  /// Sorted set: the parts done, with their results.
  package func chordDone(of group: String) -> RedisKey { RedisKey(groupStart + group + ".j") }
  /// Set: `<task id>:<index>` of the parts done; Celery 5.7 and later.
  package func chordParts(of group: String) -> RedisKey { RedisKey(groupStart + group + ".d") }

  package func groupID(ofChordSizeKey key: RedisKey) -> String? {
    guard let rest = Self.suffix(of: key.bytes, after: Array(groupStart.utf8)),
      rest.count > 2, Self.ends(rest, with: ".s")
    else { return nil }
    return String(decoding: rest.dropLast(2), as: UTF8.self)
  }

  /// The group whose result an application has saved; nil for the counters of chords.
  package func groupID(ofGroupKey key: RedisKey) -> String? {
    guard let rest = Self.suffix(of: key.bytes, after: Array(groupStart.utf8)), !rest.isEmpty,
      ![".s", ".t", ".j", ".d"].contains(where: { Self.ends(rest, with: $0) })
    else { return nil }
    return String(decoding: rest, as: UTF8.self)
  }

  package func taskID(ofResultKey key: RedisKey) -> String? {
    Self.suffix(of: key.bytes, after: Array(resultStart.utf8))
      .map { String(decoding: $0, as: UTF8.self) }
  }

  package var redBeatLock: RedisKey { RedisKey(redBeatPrefix + ":lock") }
  /// Sorted set: entry key → due time, −1 for never again.
  package var redBeatSchedule: RedisKey { RedisKey(redBeatPrefix + ":schedule") }
  /// For `SCAN MATCH`: what may be RedBeat's schedule, whatever its prefix.
  package static let anyRedBeatScheduleMatch = Array("*:schedule".utf8)

  /// The prefix in front of a key that may be RedBeat's schedule; nil for what cannot be.
  package static func redBeatPrefix(ofScheduleKey key: RedisKey) -> String? {
    guard ends(key.bytes, with: ":schedule") else { return nil }
    let prefix = key.bytes.dropLast(":schedule".utf8.count)
    return String(validating: prefix, as: UTF8.self)
  }

  /// For `SCAN MATCH`: all of RedBeat's keys.
  package var redBeatMatch: [UInt8] { Self.globEscaped(redBeatPrefix) + [UInt8(ascii: "*")] }
  /// Set of the names that came from `beat_schedule`.
  package var redBeatStatics: RedisKey { RedisKey(redBeatPrefix + ":statics") }
  /// Hash with `definition` and `meta`.
  package func redBeatEntry(_ name: String) -> RedisKey { RedisKey(redBeatPrefix + name) }
  package static let redBeatDefinition = Array("definition".utf8)
  package static let redBeatMeta = Array("meta".utf8)
}

// Bytes.
extension KeyLayout {
  /// What stands in front of the exchange in a channel, the key prefix left out.
  var fanout: [UInt8] {
    switch fanoutPrefix {
    case .database: Array("/\(database).".utf8)
    case .none: []
    case .text(let text): Array(Self.replacing("{db}", in: text, by: String(database)).utf8)
    }
  }

  func broker(_ name: String) -> RedisKey { RedisKey(globalPrefix + name) }

  func broker(_ name: [UInt8]) -> RedisKey {
    RedisKey(bytes: Array(globalPrefix.utf8) + name)
  }

  /// Makes Redis' glob match the text itself.
  static func globEscaped(_ text: String) -> [UInt8] { globEscaped(Array(text.utf8)) }

  static func globEscaped(_ bytes: [UInt8]) -> [UInt8] {
    let special = Array("*?[]^\\".utf8)
    return bytes.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  /// The text that such a pattern matches.
  static func globUnescaped(_ pattern: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var isEscaped = false
    for byte in pattern {
      guard byte == UInt8(ascii: "\\"), !isEscaped else {
        text.append(byte)
        isEscaped = false
        continue
      }
      isEscaped = true
    }
    return text
  }

  static func suffix(of bytes: [UInt8], after prefix: [UInt8]) -> [UInt8]? {
    bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : nil
  }

  static func ends(_ bytes: [UInt8], with end: String) -> Bool {
    bytes.count >= end.utf8.count && bytes.suffix(end.utf8.count).elementsEqual(end.utf8)
  }

  /// Where `part` first begins in `bytes`.
  static func position(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = part.first, bytes.count >= part.count else { return nil }
    return (bytes.startIndex...(bytes.endIndex - part.count)).first {
      bytes[$0] == first && bytes[$0..<($0 + part.count)].elementsEqual(part)
    }
  }

  private static func replacing(_ part: String, in text: String, by other: String) -> String {
    var bytes = Array(text.utf8)[...]
    var out: [UInt8] = []
    while let found = position(of: Array(part.utf8), in: bytes) {
      out += bytes[..<found] + Array(other.utf8)
      bytes = bytes[(found + part.utf8.count)...]
    }
    return String(decoding: out + bytes, as: UTF8.self)
  }
}
