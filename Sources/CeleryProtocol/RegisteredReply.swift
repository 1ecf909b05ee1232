package import TaskmonUnits

/// The tasks a worker has registered, with the options asked for.
package struct RegisteredReply: Sendable, Equatable {
  package struct Task: Sendable, Hashable {
    package var name: String
    /// Python's text of each option; an option that is None is absent.
    package var options: [String: String]
    package var hardLimit: Seconds?
    package var softLimit: Seconds?

    package init(
      name: String, options: [String: String] = [:], hardLimit: Seconds? = nil,
      softLimit: Seconds? = nil
    ) {
      self.name = name
      self.options = options
      self.hardLimit = hardLimit
      self.softLimit = softLimit
    }
  }

  package var tasks: [Task]

  /// `items` are the option names the request asked for, in its order.
  package init(_ answer: JSONValue, items: [String]) throws(DecodeError) {
    guard let elements = answer.array else { throw .wrongType("registered") }
    tasks = elements.compactMap { $0.string.map { Self.task($0, items: items) } }
  }

  /// Reads `name [item=text item=text]`.
  ///
  /// The texts hold spaces, `=` and brackets, so only a known item after a space ends one.
  private static func task(_ text: String, items: [String]) -> Task {
    let bytes = Array(text.utf8)
    guard bytes.last == UInt8(ascii: "]"),
      let bracket = KeyLayout.position(of: Array(" [".utf8), in: bytes[...])
    else { return Task(name: text) }
    var options: [String: String] = [:]
    var pending: String?
    var start = bracket + 2
    let end = bytes.count - 1
    // Items come in the order asked for and None is left out: each is looked for behind the last.
    for item in items {
      let mark = Array((pending == nil ? "\(item)=" : " \(item)=").utf8)
      let rest = bytes[start..<end]
      guard let found = KeyLayout.position(of: mark, in: rest),
        pending != nil || found == start
      else { continue }
      if let pending { options[pending] = String(decoding: bytes[start..<found], as: UTF8.self) }
      pending = item
      start = found + mark.count
    }
    if let pending { options[pending] = String(decoding: bytes[start..<end], as: UTF8.self) }
    return Task(
      name: String(decoding: bytes[..<bracket], as: UTF8.self), options: options,
      hardLimit: options["time_limit"].flatMap(seconds),
      softLimit: options["soft_time_limit"].flatMap(seconds))
  }

  /// Zero stands for no limit of its own.
  private static func seconds(_ text: String) -> Seconds? {
    guard let value = Double(text), value.isFinite, value > 0 else { return nil }
    return Seconds(value)
  }
}
