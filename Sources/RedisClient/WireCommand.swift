/// A command that may be sent to Redis.
///
/// Its conformers are closed lists, one per right: `ReadCommand` and `ReplyListCommand` here,
/// `ControlRequest`, `WorkerChange` and `OperatorCommand` in CeleryProtocol, `DemoCommand` in
/// TaskmonDemo, and no other; a test lists them.
package protocol WireCommand: Sendable {
  /// Name and arguments as bytes, in the order they are sent; never empty.
  var arguments: [[UInt8]] { get }
  /// The right a connection must have been opened with before it sends this.
  static var right: CommandRight { get }
}

extension WireCommand {
  /// The command's name in upper case, for counting what we cost.
  package var name: String {
    arguments.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

extension Array where Element == UInt8 {
  package init(_ number: Int) { self.init(String(number).utf8) }
}
