import FoundationEssentials
import TaskmonModel

/// Values as JSON for people: indented, keys sorted, slashes as they are.
enum JSONText {
  static func pretty(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

extension Snapshot {
  /// Takes task arguments out: a snapshot may be sent to somebody else.
  mutating func withholdArguments() {
    guard case .value(var queues) = queues else { return }
    for index in queues.indices {
      queues[index].head = queues[index].head?.map { $0.withoutArguments }
      queues[index].newest = queues[index].newest?.map { $0.withoutArguments }
    }
    self.queues = .value(queues)
  }
}

extension MessageFacts {
  fileprivate var withoutArguments: MessageFacts {
    var facts = self
    facts.argumentsText = nil
    facts.keywordArgumentsText = nil
    return facts
  }
}
