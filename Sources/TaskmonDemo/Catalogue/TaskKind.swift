import CeleryProtocol

/// One kind of task of the simulated shop: how it is declared, how often it comes, how it behaves.
package struct TaskKind: Sendable {
  package let name: String
  package let queue: String
  /// One of these is chosen for each message.
  let priorities: [Int]
  /// In seconds; nil for none.
  let hardLimit: Int?
  let softLimit: Int?
  let acksLate: Bool
  let ignoresResult: Bool
  /// Share among all that producers publish; 0 for what only beat or a scenario publishes.
  let weight: Double
  /// Seconds of work.
  let runtime: ClosedRange<Double>
  /// How often a run fails and is tried again, with back-off; such a task has `autoretry_for`.
  let retryChance: Double
  /// How often it is tried again, and the longest pause before that in seconds.
  let maxRetries: Int
  let longestPause: Int
  /// How often a run fails for good.
  let failureChance: Double
  /// Seconds from publishing to the `eta`; nil for at once.
  let delay: ClosedRange<Double>?
  let arguments: @Sendable (inout DemoRandom) -> [JSONValue]
  let result: @Sendable (inout DemoRandom) -> JSONValue

  init(
    _ name: String, queue: String, priorities: [Int] = [0], hardLimit: Int? = 60,
    softLimit: Int? = nil, acksLate: Bool = false, ignoresResult: Bool = true,
    weight: Double = 0, runtime: ClosedRange<Double>, retryChance: Double = 0,
    maxRetries: Int = 3, longestPause: Int = 600, failureChance: Double = 0,
    delay: ClosedRange<Double>? = nil,
    arguments: @escaping @Sendable (inout DemoRandom) -> [JSONValue] = { _ in [] },
    result: @escaping @Sendable (inout DemoRandom) -> JSONValue = { _ in nil }
  ) {
    self.name = name
    self.queue = queue
    self.priorities = priorities
    self.hardLimit = hardLimit
    self.softLimit = softLimit
    self.acksLate = acksLate
    self.ignoresResult = ignoresResult
    self.weight = weight
    self.runtime = runtime
    self.retryChance = retryChance
    self.maxRetries = maxRetries
    self.longestPause = longestPause
    self.failureChance = failureChance
    self.delay = delay
    self.arguments = arguments
    self.result = result
  }

  var meanRuntime: Double { (runtime.lowerBound + runtime.upperBound) / 2 }

  /// The line of `registered`: the options asked for, in that order, those that are None left out.
  func registered(items: [String]) -> String {
    let options = items.compactMap { item in option(item).map { "\(item)=\($0)" } }
    return options.isEmpty ? name : "\(name) [\(options.joined(separator: " "))]"
  }

  private func option(_ item: String) -> String? {
    switch item {
    case "acks_late": acksLate ? "True" : "False"
    case "acks_on_failure_or_timeout": "True"
    case "time_limit": hardLimit.map(String.init)
    case "soft_time_limit": softLimit.map(String.init)
    case "autoretry_for": retryChance > 0 ? "(<class 'ConnectionError'>,)" : nil
    case "max_retries": "\(maxRetries)"
    case "default_retry_delay": "180"
    case "retry_backoff": retryChance > 0 ? "1" : nil
    case "ignore_result": ignoresResult ? "True" : "False"
    case "store_errors_even_if_ignored", "track_started": "False"
    case "priority": priorities.count == 1 && priorities != [0] ? "\(priorities[0])" : nil
    case "serializer": "json"
    // Anything else is None or not an attribute, and both are left out.
    default: nil
    }
  }
}
