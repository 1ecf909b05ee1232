import CeleryProtocol
import RedisClient

/// The least that Redis must allow a user of taskmon, as `ACL SETUSER` takes it.
package enum AccessLine {
  /// The line to be typed into redis-cli as an administrator; PASSWORD stands for one of their own.
  ///
  /// Reading is allowed on all keys, because queue names are known only when they are there;
  /// writing on our own reply lists alone, and not at all for `--read-only`. Before Redis 7 a key
  /// cannot be allowed for reading only.
  package static func text(
    for configuration: MonitorConfiguration, user: String = "taskmon",
    knowsReadOnlyKeys: Bool = true
  ) -> String {
    let layout = configuration.layout
    let handshake = ["+select", "+client|setname"]
    let reads = AccessUse.reads(layout).map(\.use.grant)
    let hearing = AccessUse.subscriptions(layout)
    var grants = handshake + reads + hearing.map(\.use.grant)
    var keys = [knowsReadOnlyKeys ? "%R~*" : "~*"]
    var channels = hearing.map { "&" + $0.pattern.text }
    if !configuration.isReadOnly {
      let writes: [AccessUse] = [
        .transaction, .push, .expiry, .end, .range, .trim, .deletion, .request,
      ]
      grants += writes.map(\.grant)
      if knowsReadOnlyKeys { keys.append("~" + pattern(layout.replyListMatch)) }
      channels.append("&" + layout.controlChannel.text)
    }
    var seen: Set<String> = []
    let commands = grants.filter { seen.insert($0).inserted }
    return
      (["ACL SETUSER \(user) on >PASSWORD resetkeys"] + keys + ["resetchannels"] + channels
      + ["-@all"] + commands).joined(separator: " ")
  }

  private static func pattern(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
