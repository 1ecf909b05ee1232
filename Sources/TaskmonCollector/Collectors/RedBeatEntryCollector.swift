import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads the definitions and states of RedBeat's entries, sizes before bodies.
enum RedBeatEntryCollector {
  static let name = "redbeat-entries"

  /// Which of the entries are small enough to be read.
  static func sizes(_ keys: [RedisKey], limit: ByteCount) -> Reading<[RedisKey]> {
    let commands = keys.flatMap { key in
      [
        ReadCommand.hashFieldLength(key, KeyLayout.redBeatDefinition),
        .hashFieldLength(key, KeyLayout.redBeatMeta),
      ]
    }
    return Reading(commands: commands) { (replies) throws(CollectionError) in
      var small: [RedisKey] = []
      for (index, key) in keys.enumerated() {
        guard let definition = replies.reply(index * 2).integer,
          let meta = replies.reply(index * 2 + 1).integer,
          definition > 0, Int64(definition + meta) <= limit.value
        else { continue }
        small.append(key)
      }
      return small
    }
  }

  /// The entries; one that cannot be decoded is left out.
  static func entries(
    _ keys: [RedisKey], due: [RedisKey: Timestamp?]
  ) -> Reading<[ScheduleEntry]> {
    let commands = keys.flatMap { key in
      [
        ReadCommand.hashField(key, KeyLayout.redBeatDefinition),
        .hashField(key, KeyLayout.redBeatMeta),
      ]
    }
    return Reading(commands: commands) { (replies) throws(CollectionError) in
      var entries: [ScheduleEntry] = []
      for (index, key) in keys.enumerated() {
        guard let definition = replies.reply(index * 2).bytes,
          let entry = try? RedBeatEntry(
            definition: definition, meta: replies.reply(index * 2 + 1).bytes)
        else { continue }
        entries.append(ScheduleEntry(entry, dueAt: due[key] ?? nil))
      }
      return entries
    }
  }
}

extension ScheduleEntry {
  init(_ entry: RedBeatEntry, dueAt: Timestamp?) {
    self.init(
      name: entry.name, task: entry.task, argumentsText: entry.argumentsText,
      keywordArgumentsText: entry.keywordArgumentsText, schedule: Schedule(entry.schedule),
      source: .redBeat, isEnabled: entry.isEnabled, lastRun: entry.lastRun,
      runCount: entry.runCount, dueAt: dueAt)
  }

  init(_ entry: ConfReply.ScheduleEntry) {
    self.init(
      name: entry.name, task: entry.task, argumentsText: entry.argumentsText,
      keywordArgumentsText: entry.keywordArgumentsText, schedule: Schedule(entry.schedule),
      source: .workerConfiguration)
  }
}

extension Schedule {
  init(_ value: ScheduleValue) {
    switch value {
    case .interval(let period): self = .every(period)
    case .crontab(let fields): self = .crontab(fields)
    case .other(let text): self = .other(text)
    }
  }
}
