import TaskmonHealth

/// One picture of a Grafana dashboard.
package struct Panel: Sendable, Equatable {
  package enum Look: Sendable, Equatable {
    /// Curves over time, stacked or not.
    case curves(isStacked: Bool)
    /// One number each, coloured by `steps`.
    case numbers(steps: [Step])
    /// Rows of labels, in this order and under these heads; other labels are left out.
    case table(columns: [Column])
  }

  /// From this value on, this colour; the first has none to begin at.
  package struct Step: Sendable, Equatable {
    var from: Double?
    var colour: String

    static func good(_ colour: String = "green") -> Step { Step(from: nil, colour: colour) }
    static func from(_ value: Double, _ colour: String) -> Step {
      Step(from: value, colour: colour)
    }
  }

  package struct Column: Sendable, Equatable {
    var label: String
    var title: String
    var width: Int?
    /// Texts that are shown in a colour.
    var colours: [String: String]

    init(_ label: String, _ title: String, width: Int? = nil, colours: [String: String] = [:]) {
      self.label = label
      self.title = title
      self.width = width
      self.colours = colours
    }
  }

  package struct Query: Sendable, Equatable {
    var expression: String
    /// What a curve is called: `{{queue_name}}`.
    var legend: String

    init(_ expression: String, _ legend: String = "") {
      self.expression = expression
      self.legend = legend
    }
  }

  package var title: String
  var description: String
  var look: Look
  /// Grafana's name for it: `s`, `bytes`, `short`, `percentunit`, `ops`.
  var unit: String
  package var queries: [Query]
  /// Of 24.
  var width: Int
  var height: Int

  init(
    _ title: String, _ look: Look, unit: String = "short", width: Int, height: Int = 8,
    _ description: String, _ queries: [Query]
  ) {
    self.title = title
    self.description = description
    self.look = look
    self.unit = unit
    self.queries = queries
    self.width = width
    self.height = height
  }

  /// The expressions as Prometheus gets them once Grafana has filled in its variables.
  package var expressions: [String] {
    queries.map {
      $0.expression.replacing("$__rate_interval", with: "1m").replacing("$instance", with: ".*")
    }
  }
}

/// Panels under one heading.
package struct PanelRow: Sendable, Equatable {
  package var title: String
  package var panels: [Panel]
}
