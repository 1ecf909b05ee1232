import TaskmonUnits

/// Splits the workers to be asked so that no round's answers are larger than allowed.
enum RequestBatches {
  /// Those whose answer alone fits, in the order given, and those whose does not.
  static func sieve(
    _ names: [String], expected: (String) -> Int, limit: Int
  ) -> (fitting: [String], tooLarge: [String]) {
    (names.filter { expected($0) <= limit }, names.filter { expected($0) > limit })
  }

  /// Batches in the order given; one whose answer alone is over the limit would stand alone.
  static func split(
    _ names: [String], expected: (String) -> Int, limit: Int, count: Int
  ) -> [[String]] {
    var batches: [[String]] = []
    var current: [String] = []
    var bytes = 0
    for name in names {
      let size = expected(name)
      if !current.isEmpty, current.count >= count || bytes + size > limit {
        batches.append(current)
        current = []
        bytes = 0
      }
      current.append(name)
      bytes += size
    }
    return current.isEmpty ? batches : batches + [current]
  }

  /// What a round's answers may take of what is free.
  static func limit(free: ByteCount, budget: CollectionBudget) -> Int {
    let share = Double(free.value) * budget.replyMemoryShare
    return Int(min(Double(budget.replyBytes.value), share))
  }
}
