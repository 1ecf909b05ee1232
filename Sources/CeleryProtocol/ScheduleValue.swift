package import TaskmonUnits

/// When an entry is due, as RedBeat's JSON or a worker's `conf` reply writes it.
package enum ScheduleValue: Sendable, Hashable {
  case interval(Seconds)
  /// Minute, hour, day of month, month of year, day of week.
  case crontab(String)
  /// Solar, rrule, weekday and what is not known, as text.
  case other(String)

  /// From RedBeat's `{"__type__": …}`.
  package init(redBeat value: JSONValue) { self = .other("?") }

  /// From `conf.beat_schedule`: a number, or the repr of a schedule.
  package init(configuration value: JSONValue) { self = .other("?") }
}
