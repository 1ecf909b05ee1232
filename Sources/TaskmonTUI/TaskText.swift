package import TaskmonUnits

/// How lengths, rates and shares of tasks are written: finer than others, for tasks are short.
package enum TaskText {
  /// `<1ms`, `12ms`, `1.2s`, `14m10s`.
  package static func duration(_ length: Seconds) -> String {
    guard length.value.isFinite, abs(length.value) < 0.9995, length.value > 0 else {
      return length.compact
    }
    let milliseconds = Int((length.value * 1000).rounded())
    return milliseconds < 1 ? "<1ms" : "\(milliseconds)ms"
  }

  /// `498/s`, `1.2/s`, `3/m`, `0/s`.
  package static func rate(_ perSecond: Double) -> String {
    guard perSecond.isFinite, perSecond > 0 else { return perSecond == 0 ? "0/s" : "?" }
    if perSecond >= 9.95 { return "\(whole(perSecond).grouped)/s" }
    if perSecond >= 0.95 { return "\(tenths(perSecond))/s" }
    let perMinute = perSecond * 60
    return perMinute >= 0.95 ? "\(whole(perMinute))/m" : "<1/m"
  }

  /// A share of 1 in percent: `0%`, `<0.1%`, `3.2%`, `63%`.
  package static func percent(_ share: Double) -> String {
    guard share.isFinite, share >= 0 else { return "?" }
    if share == 0 { return "0%" }
    let percent = share * 100
    if percent < 0.05 { return "<0.1%" }
    return percent < 9.95 ? "\(tenths(percent))%" : "\(whole(percent))%"
  }

  /// `('a', 1) {'x': 2}`, as a worker prints them; nil where none told.
  package static func arguments(_ positional: String?, _ keywords: String?) -> String? {
    let parts = [positional, keywords.flatMap { $0 == "{}" ? nil : $0 }].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  private static func tenths(_ value: Double) -> String {
    let scaled = whole(value * 10)
    return scaled % 10 == 0 ? "\(scaled / 10)" : "\(scaled / 10).\(scaled % 10)"
  }

  private static func whole(_ value: Double) -> Int { Int(min(value.rounded(), 1e15)) }
}
