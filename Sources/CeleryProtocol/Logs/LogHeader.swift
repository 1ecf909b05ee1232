import TaskmonUnits

/// What stands in front of a message.
struct LogHeader {
  var level: String?
  var process: String?
  var time: Double?
  /// A logger named in the header itself; nil where none is.
  var logger: LogMessage.Name?
  var message: LogBytes

  /// The logger that standard output and error are redirected to.
  static let redirected = "celery.redirected"
  /// No header is longer, whatever a container or a service manager puts in front of it.
  private static let longest = 300

  /// `[TIME: LEVEL/PROCESS] MESSAGE`, with more behind the process where a format has it there.
  init?(bracketed line: LogBytes) {
    var rest = line.prefix(Self.longest)
    for _ in 0..<6 {
      guard let open = rest.firstIndex(of: UInt8(ascii: "[")) else { return nil }
      rest = rest[(open + 1)...]
      guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      if let found = Self.parts(rest[..<close]) {
        (level, process, time, logger) = found
        message = line[(close + 1)...]
        if message.first == 0x20 { message = message.dropFirst() }
        return
      }
    }
    return nil
  }

  init(level: String?, process: String?, logger: LogMessage.Name?, message: LogBytes) {
    self.level = level
    self.process = process
    self.logger = logger
    self.message = message
  }

  private static func parts(
    _ inside: LogBytes
  ) -> (level: String?, process: String?, time: Double?, logger: LogMessage.Name?)? {
    guard let slash = levelEnd(inside) else { return nil }
    let word = inside[..<slash].reversed().prefix { $0.isLogUpper }
    let start = slash - word.count
    guard start - 2 >= inside.startIndex, inside[(start - 2)..<start].starts(": "),
      let level = LogLevelName.of(String(decoding: inside[start..<slash], as: UTF8.self)),
      let process = inside[(slash + 1)...].prefix(while: { $0.isOfLogName }).name
    else { return nil }
    let extra = inside[(slash + 1 + process.utf8.count)...]
    return (level, process, clock(inside[..<(start - 2)]), logger(in: extra))
  }

  private static func levelEnd(_ inside: LogBytes) -> Int? {
    inside.indices.first { index in
      inside[index] == UInt8(ascii: "/") && index > inside.startIndex
        && inside[index - 1].isLogUpper
    }
  }

  /// A name of Celery's behind the process, as in `ForkPoolWorker-2/celery.redirected`.
  private static func logger(in extra: LogBytes) -> LogMessage.Name? {
    for part in extra.split(whereSeparator: { !$0.isOfLogName }) {
      if part.elementsEqual(redirected.utf8) { return .redirected }
      if part.starts("celery.") { return .celery }
      if part.contains(UInt8(ascii: ".")) { return .perhaps }
    }
    return nil
  }

  /// `2026-11-22 08:08:44,132`, else nil.
  static func clock(_ text: LogBytes) -> Double? {
    guard text.count >= 19 else { return nil }
    let moment = String(decoding: text.prefix(19), as: UTF8.self)
    return Timestamp(iso8601: moment)?.secondsSince1970
  }
}
