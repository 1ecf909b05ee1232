import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// A periodic task as messages and events show it: they carry no entry name.
struct PeriodicKey: Sendable, Hashable {
  var task: String
  var argumentsText: String
  var keywordArgumentsText: String

  init(task: String, argumentsText: String, keywordArgumentsText: String) {
    self.task = task
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
  }

  init(_ entry: ScheduleEntry) {
    self.init(
      task: entry.task, argumentsText: entry.argumentsText,
      keywordArgumentsText: entry.keywordArgumentsText)
  }

  init(_ message: MessageFacts, task: String) {
    self.init(
      task: task, argumentsText: PythonRepr.argumentsText(message.argumentsText ?? ""),
      keywordArgumentsText: PythonRepr.keywordArgumentsText(message.keywordArgumentsText ?? ""))
  }

  init?(_ announcement: TaskAnnouncement) {
    guard let name = announcement.name else { return nil }
    self.init(
      task: name,
      argumentsText: PythonRepr.argumentsText(announcement.argumentsRepr ?? ""),
      keywordArgumentsText: PythonRepr.keywordArgumentsText(
        announcement.keywordArgumentsRepr ?? ""))
  }
}

/// Receipts and publications of what a known schedule names, each bounded.
struct BeatWatch: Sendable, Equatable {
  private struct Watched: Sendable, Equatable {
    var since: Timestamp
    var receipts: [Timestamp] = []
    var publications: [Publication] = []
    /// Ids of the publications, so that an event and a message of one task count once.
    var published: [String] = []
  }

  private var watched: [PeriodicKey: Watched] = [:]
  /// Names of the tasks watched, to pass over all others before their arguments are looked at.
  private var names: Set<String> = []
  private let limit: Int
  /// What headers of messages tell of entries, by name; bounded.
  private var marked: [String: PeriodicKey] = [:]
  private let entryLimit: Int

  init(limit: Int, entries: Int = 500) {
    self.limit = limit
    entryLimit = entries
  }

  /// A message that beat sent; without a name of the entry, its task's stands for it.
  mutating func sawMark(_ mark: BeatMark, on key: PeriodicKey) {
    let name = mark.entry ?? key.task
    guard marked[name] != nil || marked.count < entryLimit else { return }
    marked[name] = key
  }

  /// Entries that only messages tell of, sorted by name.
  var markedEntries: [ScheduleEntry] {
    marked.sorted { $0.key < $1.key }.map { name, key in
      ScheduleEntry(
        name: name, task: key.task, argumentsText: key.argumentsText,
        keywordArgumentsText: key.keywordArgumentsText, schedule: .unknown, source: .messages)
    }
  }

  /// Follows exactly these entries from now on; those already followed keep what was seen.
  mutating func follow(_ entries: [ScheduleEntry], at now: Timestamp) {
    let keys = Set(entries.map(PeriodicKey.init))
    guard keys != Set(watched.keys) else { return }
    watched = watched.filter { keys.contains($0.key) }
    for key in keys where watched[key] == nil { watched[key] = Watched(since: now) }
    names = Set(keys.map(\.task))
  }

  func watches(_ task: String) -> Bool { names.contains(task) }

  mutating func received(_ key: PeriodicKey, at moment: Timestamp) {
    guard var entry = watched[key] else { return }
    entry.receipts.append(moment)
    if entry.receipts.count > limit { entry.receipts.removeFirst() }
    watched[key] = entry
  }

  mutating func published(_ key: PeriodicKey, id: String, by publisher: String, at: Timestamp) {
    guard var entry = watched[key], !entry.published.contains(id) else { return }
    entry.published.append(id)
    entry.publications.append(Publication(at: at, publisher: publisher))
    if entry.publications.count > limit {
      entry.publications.removeFirst()
      entry.published.removeFirst()
    }
    watched[key] = entry
  }

  /// What was seen of an entry; `heard` are the times when nothing of it can have been missed.
  func traffic(of entry: ScheduleEntry, heard: [Interval]) -> EntryTraffic {
    guard let seen = watched[PeriodicKey(entry)] else { return EntryTraffic(entry: entry.name) }
    return EntryTraffic(
      entry: entry.name, heard: heard.compactMap { $0.after(seen.since) }, receipts: seen.receipts,
      publications: seen.publications)
  }
}
