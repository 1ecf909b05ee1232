/// Lines that are JSON objects: of a format of one's own, or of what collects a container's output.
struct LogJSON {
  private let members: [JSONMember]

  /// Nil where the line is no JSON object.
  init?(_ line: LogBytes) {
    guard line.first == UInt8(ascii: "{"), line.last == UInt8(ascii: "}"),
      let value = try? JSONValue(
        decoding: Array(line), limits: JSONLimits(depth: 16, values: 2000, bytes: 1 << 20)),
      let members = value.members
    else { return nil }
    self.members = members
  }

  /// The line within, as Docker keeps it: `{"log":"…\n","stream":"stderr","time":"…"}`.
  var inner: [UInt8]? {
    guard members.count <= 5, text(["stream"]) != nil, let log = text(["log"]) else { return nil }
    return Array(log.utf8.prefix { $0 != UInt8(ascii: "\n") })
  }

  /// Nil where neither a level nor a logger is told.
  var header: LogHeader? {
    let level = text(Self.levels).flatMap { LogLevelName.of($0, anyCase: true) }
    let name = text(Self.names)
    guard level != nil || name != nil else { return nil }
    let isRedirected = members.contains { member in
      member.value.string == LogHeader.redirected && !Self.messages.contains(member.key)
    }
    let message = text(Self.messages) ?? ""
    var header = LogHeader(
      level: level, process: text(Self.processes).flatMap { Array($0.utf8)[...].name },
      logger: isRedirected ? .redirected : name == nil ? nil : .celery,
      message: Array(message.utf8)[...])
    header.time = text(Self.times).flatMap { LogHeader.clock(Array($0.utf8)[...]) }
    return header
  }

  /// Named in fields of their own.
  var task: (name: String, id: String)? {
    guard let name = text(["task_name", "task"]).flatMap({ Array($0.utf8)[...].name }),
      let id = text(["task_id"]).flatMap({ Array($0.utf8)[...].name }), id != "???"
    else { return nil }
    return (name, id)
  }

  private static let levels = ["level", "levelname", "severity", "loglevel", "log.level"]
  private static let names = ["logger", "name", "logger_name", "log.logger", "loggerName"]
  private static let processes = ["processName", "process_name", "process"]
  private static let messages = ["message", "msg", "event", "text"]
  private static let times = ["asctime", "time", "timestamp", "@timestamp", "ts"]

  private func text(_ keys: [String]) -> String? {
    for key in keys {
      if let text = members.first(where: { $0.key == key })?.value.string { return text }
    }
    return nil
  }
}
