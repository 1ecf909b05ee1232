package import TaskmonHealth
package import TaskmonModel
package import TaskmonUnits

/// One view: a table of subjects, and a page about each.
package protocol ConsoleView: Sendable {
  static var id: ViewID { get }
  /// What a row is, for the help.
  static var summary: String { get }
  /// What Enter does, in a word for the footer.
  static var enterHint: String { get }
  /// The view's columns, for the help.
  static var heads: [ColumnHead] { get }
  static func table(_ context: ViewContext) -> Table
  /// Nil where the row is no longer there.
  static func page(_ row: String, _ context: ViewContext) -> Page?
  /// The worker that a row's page speaks of and that can be asked; nil for all other rows.
  static func worker(_ row: String, _ context: ViewContext) -> WorkerID?
}

extension ConsoleView {
  package static func worker(_ row: String, _ context: ViewContext) -> WorkerID? { nil }
}

/// What a view may read.
package struct ViewContext: Sendable {
  package let snapshot: Snapshot
  package let history: SnapshotHistory
  package let report: HealthReport
  package let moments: MomentFormat
  package let pages: @Sendable (RuleID) -> RulePage?
  /// What the worker whose page is open was asked; nil where none is, or none can be.
  package let look: WorkerLook?

  package init(
    snapshot: Snapshot, history: SnapshotHistory, report: HealthReport, moments: MomentFormat,
    look: WorkerLook? = nil, pages: @escaping @Sendable (RuleID) -> RulePage?
  ) {
    self.look = look
    self.snapshot = snapshot
    self.history = history
    self.report = report
    self.moments = moments
    self.pages = pages
  }

  /// The moment every age is counted from.
  package var now: Timestamp { snapshot.takenAt }

  package func age(_ moment: Timestamp) -> Seconds { Swift.max(.zero, now - moment) }
}

/// How moments are written.
package enum MomentStyle: Sendable, Equatable, CaseIterable {
  /// The local time of day, UTC with a Z, or how long ago or ahead.
  case local, utc, relative

  package var next: MomentStyle {
    switch self {
    case .local: .utc
    case .utc: .relative
    case .relative: .local
    }
  }
}

/// Writes moments as the user wants them.
package struct MomentFormat: Sendable, Equatable {
  package var utcOffset: Seconds
  package var style: MomentStyle

  package init(utcOffset: Seconds = .zero, style: MomentStyle = .local) {
    self.utcOffset = utcOffset
    self.style = style
  }

  /// `14:03:22`, or `14:03:22Z` in UTC.
  package func clock(_ moment: Timestamp) -> String {
    guard moment.secondsSince1970.isFinite, abs(moment.secondsSince1970) < 1e14 else { return "?" }
    let isUTC = style == .utc
    return moment.clockTime(utcOffset: isUTC ? .zero : utcOffset) + (isUTC ? "Z" : "")
  }

  /// The clock time within a day of `now`, else how long ago or ahead it is.
  package func near(_ moment: Timestamp, now: Timestamp) -> String {
    let distance = now - moment
    if style != .relative, abs(distance.value) < Seconds.hours(20).value { return clock(moment) }
    return distance < .zero ? "in \((moment - now).compact)" : "\(distance.compact) ago"
  }

  /// `14:03:22 (4m 12s ago)`.
  package func full(_ moment: Timestamp, now: Timestamp) -> String {
    let distance = now - moment
    let relation = distance < .zero ? "in \((moment - now).text)" : "\(distance.text) ago"
    if style == .relative { return relation }
    if abs(distance.value) < Seconds.hours(20).value { return "\(clock(moment)) (\(relation))" }
    guard abs(moment.secondsSince1970) < 1e11 else { return "?" }
    let whole = Timestamp(secondsSince1970: moment.secondsSince1970.rounded(.down))
    return "\(whole.iso8601) (\(relation))"
  }
}
