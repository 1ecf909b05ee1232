import TaskmonModel
import TaskmonUnits

/// The limits of one run: how much of each is gone, and who says so.
enum LimitText {
  static func facts(_ limits: TaskLimits, after length: Seconds?) -> [PageFact] {
    [
      fact(.hardLimit, limits.hard, limits.hardSource, limits, length),
      fact(.softLimit, limits.soft, limits.softSource, limits, length),
    ]
  }

  private static func fact(
    _ option: PolicyOption, _ limit: Seconds?, _ source: PolicySource?, _ limits: TaskLimits,
    _ length: Seconds?
  ) -> PageFact {
    guard let limit else {
      return limits.isKnown ? PageFact(option.name, "none") : .unknown(option.name)
    }
    let whose = source.map { ": \(option.words($0))" } ?? ""
    guard let length else { return PageFact(option.name, limit.text + whose) }
    let share = limit > .zero ? TaskText.percent(length / limit) : "all"
    return PageFact(
      option.name, "\(limit.text), \(share) of it gone\(whose)",
      length > limit ? .critical : .text)
  }

  /// `63% of 1m`; nil where there is no limit.
  static func share(_ limits: TaskLimits, after length: Seconds) -> String? {
    limits.effective.map { limit in
      let share = limit > .zero ? TaskText.percent(length / limit) : "all"
      return "\(share) of \(limit.text)"
    }
  }
}
