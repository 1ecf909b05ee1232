import TaskmonModel

/// A worker as rules look at it, with the verdict on whether it is there.
///
/// An object: many rules look at all workers, and none of them copies what is known of each.
@dynamicMemberLookup
final class SeenWorker: Sendable {
  let facts: WorkerFacts
  /// Nil where nothing is remembered of it.
  let liveness: Liveness?
  /// Whether some of its tasks have no time limit, or do not tell their options; false where it has
  /// told none.
  let hasLooseTasks: Bool

  init(_ facts: WorkerFacts, _ liveness: Liveness?) {
    self.facts = facts
    self.liveness = liveness
    // Looked at once for all rules, and in place: there may be forty thousand.
    let tasks = facts.registered.value ?? []
    hasLooseTasks = tasks.indices.contains { place in
      tasks[place].acksLate == nil
        || tasks[place].hardLimit == nil && tasks[place].softLimit == nil
    }
  }

  /// Whether it takes messages, or will again when its work is done.
  var consumes: Bool { liveness?.consumes == true }

  /// Why it may live although nothing proves it; nil where that is known.
  var doubt: String? {
    switch liveness {
    case .doubtful(let reason)?, .mute(let reason)?: reason
    case .alive?, .stopped?, .busy?, .lost?, nil: nil
    }
  }

  subscript<Value>(dynamicMember fact: KeyPath<WorkerFacts, Value>) -> Value {
    facts[keyPath: fact]
  }
}
