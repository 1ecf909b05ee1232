package import TaskmonHealth
package import TaskmonUnits

/// One Prometheus alert on what a page of metrics says.
///
/// Its name is the heading it has in the runbook, or its rule's id is.
package struct Alert: Sendable, Equatable {
  package var name: String
  /// Nil where no rule of taskmon's own stands behind it.
  package var rule: RuleID?
  package var severity: Severity
  /// PromQL; every series it gives is an alert.
  package var expression: String
  /// How long the expression must hold before anybody is told.
  package var wait: Seconds
  /// Labels besides those of the series and the severity.
  package var labels: [Label]
  package var summary: AlertText
  package var description: AlertText
  /// What somebody who is told does, for the runbook; empty where the rule's page says it.
  package var advice: String
  package var proofs: [AlertProof]

  package init(
    _ name: String, rule: RuleID? = nil, _ severity: Severity, _ expression: String,
    wait: Seconds, labels: [Label] = [], summary: AlertText, description: AlertText,
    advice: String = "", proofs: [AlertProof]
  ) {
    self.name = name
    self.rule = rule
    self.severity = severity
    self.expression = expression
    self.wait = wait
    self.labels = labels
    self.summary = summary
    self.description = description
    self.advice = advice
    self.proofs = proofs
  }

  /// The heading of the runbook that tells about it, as a link writes it.
  package var anchor: String { rule?.rawValue ?? name.lowercased() }
}

/// Alerts that are switched on together.
package struct AlertGroup: Sendable, Equatable {
  package var name: String
  /// One sentence, for a comment.
  package var summary: String
  package var alerts: [Alert]
  /// Whether its alerts have series of their own, so that one page proves all of them at once.
  package var isProvedTogether = false
}

/// Series over time, and whether the alert is told at their end.
package struct AlertProof: Sendable, Equatable {
  /// The nearest thing that must stay quiet, or what fires.
  package var title: String
  package var series: [ProofSeries]
  /// The labels of the alert besides its name, severity and own labels; nil where it stays quiet.
  package var labels: [Label]?
  /// What the expression comes to, where a text says it.
  package var value: Double

  package init(
    fires title: String, _ series: [ProofSeries], labels: [Label] = [], value: Double = 0
  ) {
    self.title = title
    self.series = series
    self.labels = labels
    self.value = value
  }

  package init(quiet title: String, _ series: [ProofSeries]) {
    self.title = title
    self.series = series
    labels = nil
    value = 0
  }
}

/// One series as it would be scraped, minute by minute.
package struct ProofSeries: Sendable, Equatable {
  /// `celery_queue_length{queue_name="celery"}`, without what a scrape adds.
  package var selector: String
  package var course: Course

  /// What the series says over time.
  package enum Course: Sendable, Equatable {
    case constant(Double)
    /// From the first value by the second each minute.
    case rising(Double, Double)
    /// The first value for ten minutes, then the second; a nil ends the series.
    case changing(Double, Double?)
  }

  package init(_ selector: String, _ course: Course) {
    self.selector = selector
    self.course = course
  }

  package init(_ selector: String, _ value: Double) { self.init(selector, .constant(value)) }

  /// A line of a page in the text format; nil for a comment.
  package init?(line: Substring) {
    guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
      let value = Double(line[line.index(after: space)...])
    else { return nil }
    self.init(String(line[..<space]), value)
  }
}

/// A sentence of an alert, with what Prometheus puts into it.
package struct AlertText: Sendable, Equatable, ExpressibleByStringInterpolation {
  package enum Part: Sendable, Equatable {
    case text(String)
    case label(String)
    /// The value of the expression, without a fraction.
    case wholeValue
  }

  package var parts: [Part]

  package init(stringLiteral value: String) { parts = [.text(value)] }
  package init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

  package struct Interpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}
    package mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }
    package mutating func appendInterpolation(_ text: String) { parts.append(.text(text)) }
    package mutating func appendInterpolation(label name: String) { parts.append(.label(name)) }
    package mutating func appendInterpolation(_ part: Part) { parts.append(part) }
  }

  /// As Prometheus' templates write it; braces of the text stay text.
  package var template: String {
    parts.map { part in
      switch part {
      case .text(let text): text.replacing("{{", with: "{{ \"{{\" }}")
      case .label(let name): "{{ $labels.\(name) }}"
      case .wholeValue: "{{ printf \"%.0f\" $value }}"
      }
    }.joined()
  }

  /// What Prometheus makes of it.
  package func text(labels: [Label], value: Double) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .label(let name): labels.first { $0.name == name }?.value ?? ""
      case .wholeValue: "\(Int64(value.rounded()))"
      }
    }.joined()
  }
}
