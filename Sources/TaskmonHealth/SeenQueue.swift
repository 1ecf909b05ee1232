import TaskmonModel

/// A queue as rules look at it.
///
/// An object: many rules look at all queues, and none of them copies what is known of each.
@dynamicMemberLookup
final class SeenQueue: Sendable {
  let facts: QueueFacts
  /// Messages ready, of all priorities.
  let ready: Int

  init(_ facts: QueueFacts) {
    self.facts = facts
    ready = facts.ready
  }

  subscript<Value>(dynamicMember fact: KeyPath<QueueFacts, Value>) -> Value {
    facts[keyPath: fact]
  }
}
