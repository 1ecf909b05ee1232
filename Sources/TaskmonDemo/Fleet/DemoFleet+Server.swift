import CeleryProtocol
import RedisClient
import TaskmonUnits

// What people do to the server, and what others leave in it.
extension DemoFleet {
  mutating func configure(_ setting: String, _ value: String) {
    outbox.append(.configure(setting, value))
  }

  /// A key that is not Celery's, of so many MiB.
  mutating func fill(_ key: String, megabytes: Int) {
    outbox.append(.fill(RedisKey(key), bytes: megabytes << 20))
  }

  mutating func shutDownServer() { outbox.append(.shutDown) }

  /// FLUSHALL under a working fleet: bindings stay away, only a restarted beat writes again.
  mutating func flush(at now: Timestamp) {
    outbox.append(.flushAll)
    waiting = [:]
    inFlight = [:]
    writeSchedule(at: now)
  }

  /// A worker with one slot and long tasks, and the queue that is too much for it.
  mutating func recruitSlowWorker(at now: Timestamp) {
    shop.kinds.append(
      TaskKind("archive.store", queue: "archive", hardLimit: 600, runtime: 118...119))
    recruit(for: "archive", slots: 1, at: now) { $0.multiplier = 1 }
  }

  /// Publishes the parts of a chord, but for the last, which gets lost on its way.
  mutating func publishChord(
    of part: String, body: String, size: Int, at now: Timestamp
  ) {
    let group = random.uuid()
    let options: JSONValue = [
      "task_id": .string(random.uuid()), "reply_to": .string(publishers[0].replyTo),
      "group_id": .string(group),
    ]
    let chord: JSONValue = [
      "task": .string(body), "args": [], "kwargs": [:], "options": options,
      "subtask_type": nil, "immutable": false,
    ]
    outbox.append(
      .store(
        Array(String(size).utf8), at: layout.chordSize(of: group),
        seconds: ShopSettings.resultExpires))
    for index in 0..<max(0, size - 1) {
      publish(part, at: now) { task in
        task.group = group
        task.groupIndex = index
        task.chord = chord
      }
    }
  }

  /// What a worker writes after the result of a part.
  mutating func countPart(_ task: OutgoingTask) {
    guard let group = task.group else { return }
    let index = task.groupIndex ?? 0
    let member: JSONValue = [1, .string(task.id), "SUCCESS", .whole(index)]
    outbox += [
      .add(JSONWriter.bytes(of: member), wholeScore: Int64(index), to: layout.chordDone(of: group)),
      .add(Array("\(task.id):\(index)".utf8), to: layout.chordParts(of: group)),
    ]
  }

  /// Answers to questions whose asker had left before they came.
  mutating func leaveReplies(lists: Int, at now: Timestamp) {
    for _ in 0..<max(0, lists) {
      let owner = random.uuid()
      let list = layout.messages(of: "\(owner).\(layout.replyExchange.text)")
      for worker in workers.prefix(2) {
        let answer = ReplyEncoder.reply(
          ["ok": "pong"], from: worker.node, ticket: random.uuid(), clock: worker.clock,
          exchange: layout.replyExchange.text, routingKey: owner, deliveryTag: random.uuid())
        outbox.append(.push(answer, to: list))
      }
    }
  }
}
