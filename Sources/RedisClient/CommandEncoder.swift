/// Commands as Redis reads them: arrays of strings.
enum CommandEncoder {
  static func append(_ arguments: [[UInt8]], to bytes: inout [UInt8]) {
    header(UInt8(ascii: "*"), arguments.count, &bytes)
    for argument in arguments {
      header(UInt8(ascii: "$"), argument.count, &bytes)
      bytes += argument
      bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }
  }

  private static func header(_ kind: UInt8, _ count: Int, _ bytes: inout [UInt8]) {
    bytes.append(kind)
    bytes += String(count).utf8
    bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
  }
}

/// What a connection says on its own account: logging in, asking the way, subscribing, pinging.
enum ConnectionCommand {
  static func authenticate(_ username: String?, _ password: Secret?) -> [[UInt8]] {
    [text("AUTH")] + (username.map { [text($0)] } ?? []) + [password?.revealed ?? []]
  }
  static func select(_ database: Int) -> [[UInt8]] { [text("SELECT"), text(String(database))] }
  static let setName = [text("CLIENT"), text("SETNAME"), text("taskmon")]
  static let ping = [text("PING")]
  /// Tells a node of a cluster and a sentinel from a plain Redis.
  static let serverInformation = [text("INFO"), text("server")]
  static let role = [text("ROLE")]
  static func masterAddress(_ name: String) -> [[UInt8]] {
    [text("SENTINEL"), text("GET-MASTER-ADDR-BY-NAME"), text(name)]
  }
  static let masters = [text("SENTINEL"), text("MASTERS")]
  static func subscribe(_ patterns: [RedisKey]) -> [[UInt8]] {
    [text("PSUBSCRIBE")] + patterns.map(\.bytes)
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }
}
