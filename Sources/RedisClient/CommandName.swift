/// Names of commands as Redis' access rules write them: `get`, and `config|get` for a subcommand.
package enum CommandName {
  /// What logging in, staying there and subscribing takes, besides the closed lists.
  ///
  /// `AUTH` needs no right.
  package static let connection = ["ping", "select", "client|setname", "info"]
  package static let behindSentinel = ["role"]
  package static let subscription = ["psubscribe"]

  /// The name as it is sent: `CONFIG`, `GET`.
  package static func words(of name: String) -> [[UInt8]] {
    name.split(separator: "|").map { Array($0.uppercased().utf8) }
  }
}
