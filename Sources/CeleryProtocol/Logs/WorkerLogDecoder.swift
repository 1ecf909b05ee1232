/// Tells the lines of one worker's log apart, whatever its format as far as that can be.
///
/// Knows the default formats (`[TIME: LEVEL/PROCESS] MESSAGE`, `… TASK[ID]: MESSAGE`), in colours
/// and behind what containers and service managers put in front; JSON; and any format that begins
/// with a time, a level or a key. What one line shows of the format helps to read the next.
package struct WorkerLogDecoder: Sendable, Hashable {
  /// Whether the format names loggers; nil while no line of Celery's own has shown it.
  package private(set) var namesLoggers: Bool?

  package init(namesLoggers: Bool? = nil) { self.namesLoggers = namesLoggers }

  /// Nil for what begins no record: the further lines of one, or text that no logger wrote.
  package mutating func decode(_ bytes: ArraySlice<UInt8>) -> WorkerLogLine? {
    let line = bytes.withoutColours
    guard let json = LogJSON(line) else { return decodeText(line) }
    if let inner = json.inner { return decodeText(inner[...].withoutColours) }
    guard let header = json.header else { return nil }
    var found = finish(header)
    if let task = json.task, found.logger != .redirected, found.content == .other {
      found.content = .ofTask(task.name, id: task.id)
    }
    return found
  }

  private mutating func decodeText(_ line: LogBytes) -> WorkerLogLine? {
    guard let header = LogHeader(bracketed: line) ?? LogHeader(free: line) else { return nil }
    return finish(header)
  }

  private mutating func finish(_ header: LogHeader) -> WorkerLogLine {
    let message = LogMessage(header.message)
    let content = message.content
    learn(header, message, content)
    return WorkerLogLine(
      level: header.level, process: header.process, logger: logger(header, message, content),
      content: content, time: header.time)
  }

  /// Celery's own lines have a name in front of them or have not, and so have all others.
  ///
  /// Lines of tasks have a format of their own.
  private mutating func learn(
    _ header: LogHeader, _ message: LogMessage, _ content: WorkerLogLine.Content
  ) {
    let isNamed = Self.isSure(header.logger) || Self.isSure(message.logger)
    switch content {
    case .ready, .received, .ended: namesLoggers = isNamed || header.logger == .perhaps
    case .ofTask: break
    case .own, .fault, .faultEnds, .other: if isNamed { namesLoggers = true }
    }
  }

  private static func isSure(_ name: LogMessage.Name?) -> Bool {
    switch name {
    case .redirected, .celery: true
    case .perhaps, nil: false
    }
  }

  private func logger(
    _ header: LogHeader, _ message: LogMessage, _ content: WorkerLogLine.Content
  ) -> WorkerLogLine.Logger {
    if header.logger == .redirected { return .redirected }
    if case .ofTask = content { return .named }
    if header.logger != nil { return .named }
    // In a format without names this is what the message itself begins with.
    if message.logger == .redirected, namesLoggers != false { return .redirected }
    if namesLoggers == true { return .named }
    return message.logger != nil && namesLoggers == nil ? .named : .unnamed
  }
}
