import CeleryProtocol
import TaskmonUnits

/// Which separator and priority steps name the lists: those given, else what workers are configured
/// with, else kombu's own.
struct LayoutChoice: Sendable {
  /// What one worker's `broker_transport_options` say; nil is kombu's default.
  struct Transport: Sendable, Hashable {
    var separator: String?
    var prioritySteps: [Int]?
  }

  let configuration: MonitorConfiguration
  /// Of the workers that have told theirs.
  let told: [Transport]

  var layout: KeyLayout {
    var settings = configuration
    let common = mostCommon
    settings.separator = configuration.separator ?? common?.separator.flatMap(Self.usable)
    settings.prioritySteps =
      configuration.prioritySteps ?? common?.prioritySteps.flatMap(Self.usable)
    return settings.layout
  }

  /// Where workers differ, the lists of most of them are read.
  private var mostCommon: Transport? {
    let votes = Dictionary(told.map { ($0, 1) }, uniquingKeysWith: +)
    return votes.max { left, right in
      (left.value, Self.order(right.key)) < (right.value, Self.order(left.key))
    }?.key
  }

  /// For a choice among equals that is always the same.
  private static func order(_ transport: Transport) -> String {
    "\(transport.separator ?? "") \(transport.prioritySteps ?? [])"
  }

  private static func usable(_ separator: String) -> String? {
    (1...64).contains(separator.utf8.count) ? separator : nil
  }

  /// A list for each step is asked for with every poll.
  private static let stepLimit = 16

  private static func usable(_ steps: [Int]) -> [Int]? {
    let sorted = Set(steps.filter { $0 >= 0 }).sorted()
    return sorted.isEmpty || sorted.count > stepLimit ? nil : sorted
  }
}
