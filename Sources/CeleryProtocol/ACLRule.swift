import RedisClient

/// The Redis user taskmon needs, and no more: made from the closed lists of what it may send.
package struct ACLRule: Sendable, Hashable {
  package enum Access: Sendable, Hashable, CaseIterable {
    /// Reading and listening; what `--read-only` does.
    case readOnly
    /// Asking workers besides, into a list of our own; what asks a worker for task events needs no
    /// more.
    case asking
    /// Emptying queues besides, for `--allow-control`; whatever else that does are messages to
    /// workers, and who may ask them may send those.
    case acting
  }

  /// What the server's rules can express.
  package enum Dialect: Sendable, Hashable, CaseIterable {
    /// Redis 7, Valkey: keys to read and keys to write are told apart.
    case separateKeyRights
    /// Redis 6, KeyDB: a key is given or not, so that `asking` could write where it reads.
    case commonKeyRights
  }

  package let user: String
  package let access: Access
  package let dialect: Dialect
  /// The master is found by Sentinel, and asked whether it is one.
  package let usesSentinel: Bool
  /// The layouts of the databases to be read, the broker's first.
  private let layouts: [KeyLayout]

  /// `layout` is the broker's; results that lie elsewhere on the same server have one of their own.
  package init(
    user: String = "taskmon", access: Access, layout: KeyLayout, results: KeyLayout? = nil,
    dialect: Dialect = .separateKeyRights, usesSentinel: Bool = false
  ) {
    self.user = user
    self.access = access
    self.dialect = dialect
    self.usesSentinel = usesSentinel
    layouts = [layout] + (results.map { [$0] } ?? [])
  }

  /// Every command the user may run, as Redis names them, each once.
  package var commands: [String] {
    let reading =
      CommandName.connection + (usesSentinel ? CommandName.behindSentinel : [])
      + CommandName.subscription + ReadCommand.Word.allCases.map(\.rawValue)
    let asking =
      ReplyListCommand.Word.allCases.map(\.rawValue) + ControlRequest.Word.allCases.map(\.rawValue)
      + WorkerChange.Word.allCases.map(\.rawValue)
    let acting = OperatorCommand.Word.allCases.map(\.rawValue)
    let writing: [String] =
      switch access {
      case .readOnly: []
      case .asking: asking
      case .acting: asking + acting
      }
    return Set(reading + writing).sorted()
  }

  /// The words behind `ACL SETUSER`, without the password.
  package var words: [[UInt8]] {
    [Array(user.utf8), Array("reset".utf8), Array("on".utf8)] + keys + channels
      + commands.map { Array("+\($0)".utf8) }
  }

  /// To be typed into redis-cli; `>PASSWORD` stands for the password with a `>` before it.
  package var line: String {
    (["ACL", "SETUSER"] + words.map(Self.quoted) + [">PASSWORD"]).joined(separator: " ")
  }

  private var keys: [[UInt8]] {
    let read = layouts.flatMap(\.readPatterns)
    let write = access == .readOnly ? [] : layouts.prefix(1).map(\.replyListMatch)
    let emptied = access == .acting ? layouts.prefix(1).map(\.queuePattern) : []
    let everything = [UInt8(ascii: "*")]
    switch dialect {
    case .separateKeyRights:
      return Self.unique(read.contains(everything) ? [everything] : read).map {
        Array("%R~".utf8) + $0
      }
        + write.map { Array("%RW~".utf8) + Self.spaceless($0) }
        + emptied.map { Array("%W~".utf8) + Self.spaceless($0) }
    case .commonKeyRights:
      let all = Self.unique(read + write + emptied)
      return (all.contains(everything) ? [everything] : all).map { [UInt8(ascii: "~")] + $0 }
    }
  }

  /// A pattern must be given as it is subscribed to, letter by letter; where rules cannot hold it,
  /// because it has a space, all channels are.
  ///
  /// A user made anew may hear every channel in Redis 6.2, and where `acl-pubsub-default` says so;
  /// a pattern beside that right is an error.
  private var channels: [[UInt8]] {
    guard let layout = layouts.first else { return [] }
    let heard = [layout.eventPattern.bytes, layout.eventDiscoveryPattern.bytes]
    let asked = access == .readOnly ? [] : [Self.spaceless(layout.controlPattern)]
    guard heard.allSatisfy({ Self.spaceless($0) == $0 }) else { return [Array("allchannels".utf8)] }
    return [Array("resetchannels".utf8)]
      + Self.unique(heard + asked).map { [UInt8(ascii: "&")] + $0 }
  }

  /// The pattern with `?` where access rules take no such byte.
  private static func spaceless(_ pattern: [UInt8]) -> [UInt8] {
    pattern.map { $0 <= 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
  }

  private static func unique(_ patterns: [[UInt8]]) -> [[UInt8]] {
    var seen: Set<[UInt8]> = []
    return patterns.map(spaceless).filter { seen.insert($0).inserted }
  }

  /// As redis-cli and a shell's reader understand it.
  private static func quoted(_ word: [UInt8]) -> String {
    let isPlain = word.allSatisfy { (0x21..<0x7f).contains($0) && !"\"'\\".utf8.contains($0) }
    guard !isPlain else { return String(decoding: word, as: UTF8.self) }
    let digits = Array("0123456789abcdef")
    let inner = word.map { byte -> String in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x21..<0x7f: String(UnicodeScalar(byte))
      case _: "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return "\"" + inner.joined() + "\""
  }
}
