/// Headers of other formats: what can be known is found by its looks.
extension LogHeader {
  /// Any format that begins with a time, a level or a key, and has its level before the message.
  init?(free line: LogBytes) {
    guard let style = Style(line) else { return nil }
    var scan = FreeScan(style: style)
    for token in Self.tokens(of: line.prefix(400)) {
      guard scan.take(token, in: line) else { break }
    }
    guard scan.level != nil || scan.logger == .redirected else { return nil }
    self.init(
      level: scan.level, process: scan.process, logger: scan.logger,
      message: line[scan.messageStart...].drop { !$0.isOfLogName && $0 != UInt8(ascii: "[") })
  }

  enum Style {
    /// One thing behind the other: `2026-11-22 08:08:44 celery.redirected WARNING hello`.
    case plain
    /// `level=warning logger=celery.redirected msg="hello"`, or JSON that is cut or broken.
    case keyed

    init?(_ line: LogBytes) {
      let word = line.prefix(40).prefix { $0 > 0x20 }
      if word.starts("{\"") || (word.contains(UInt8(ascii: "=")) && word.first != 0x3D) {
        self = .keyed
        return
      }
      let digits = word.count(where: \.isLogDigit)
      let marks = word.count { "-:/.".utf8.contains($0) }
      let core = word.split { !$0.isLogUpper }.first ?? []
      let isLevel = LogLevelName.of(String(decoding: core, as: UTF8.self)) != nil
      guard (digits >= 4 && marks >= 2) || isLevel else { return nil }
      self = .plain
    }
  }

  /// Names and numbers, in order; at most 32.
  private static func tokens(of line: LogBytes) -> [LogBytes] {
    line.split(maxSplits: 32, omittingEmptySubsequences: true) { !$0.isOfLogName }.prefix(32)
      .map { $0 }
  }
}

/// Looks at the words of a header until the message begins.
private struct FreeScan {
  let style: LogHeader.Style
  var level: String?
  var process: String?
  var logger: LogMessage.Name?
  var messageStart = 0
  private var key = ""

  private static let messageKeys: Set = ["msg", "message", "event", "text"]
  private static let levelKeys: Set = ["level", "levelname", "lvl", "severity", "loglevel"]

  init(style: LogHeader.Style) { self.style = style }

  /// False where the message begins.
  mutating func take(_ token: LogBytes, in line: LogBytes) -> Bool {
    messageStart = token.startIndex
    let text = String(decoding: token, as: UTF8.self)
    switch style {
    case .plain:
      return takePlain(text, token)
    case .keyed:
      let isKey = Self.isKey(token, in: line)
      defer { key = isKey ? text.lowercased() : "" }
      if isKey, Self.messageKeys.contains(text.lowercased()) {
        messageStart = token.endIndex
        return false
      }
      if isKey { return true }
      if Self.levelKeys.contains(key) { level = LogLevelName.of(text, anyCase: true) ?? level }
      _ = takeName(text, token)
      return true
    }
  }

  /// Behind the level only what looks like a field still belongs to the header.
  private mutating func takePlain(_ text: String, _ token: LogBytes) -> Bool {
    if level == nil, let found = LogLevelName.of(text) {
      level = found
      messageStart = token.endIndex
      return true
    }
    let isField = takeName(text, token) || token.allSatisfy(\.isLogDigit) || text == "-"
    if isField { messageStart = token.endIndex }
    return level == nil || isField
  }

  private mutating func takeName(_ text: String, _ token: LogBytes) -> Bool {
    if text == LogHeader.redirected {
      logger = .redirected
    } else if text.hasPrefix("celery.") {
      logger = logger ?? .celery
    } else if text == "MainProcess" || text.contains("PoolWorker-") {
      process = token.name
    } else {
      return false
    }
    return true
  }

  private static func isKey(_ token: LogBytes, in line: LogBytes) -> Bool {
    let behind = line[token.endIndex...]
    return behind.first == UInt8(ascii: "=") || behind.starts("\":") || behind.starts("\" :")
  }
}
