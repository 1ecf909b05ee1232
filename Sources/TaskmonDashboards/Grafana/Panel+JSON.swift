import TaskmonHealth

/// Where a panel lies on the grid.
struct PanelPlace: Sendable, Equatable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int

  var json: OrderedJSON {
    .object([
      .init("h", .number(Double(height))), .init("w", .number(Double(width))),
      .init("x", .number(Double(x))), .init("y", .number(Double(y))),
    ])
  }
}

extension Panel {
  /// The variable that holds the data source.
  static let source = OrderedJSON.object([
    .init("type", .string("prometheus")), .init("uid", .string("${datasource}")),
  ])

  func json(id: Int, at place: PanelPlace) -> OrderedJSON {
    .object(
      [
        .init("id", .number(Double(id))),
        .init("type", .string(type)),
        .init("title", .string(title)),
        .init("description", .string(description)),
        .init("datasource", Self.source),
        .init("gridPos", place.json),
        .init("fieldConfig", fieldConfig),
        .init("options", options),
        .init("targets", .array(zip(queries.indices, queries).map(target))),
      ] + transformations)
  }

  private var type: String {
    switch look {
    case .curves: "timeseries"
    case .numbers: "stat"
    case .table: "table"
    }
  }

  private func target(_ index: Int, _ query: Query) -> OrderedJSON {
    let isInstant = if case .curves = look { false } else { true }
    let isTable = if case .table = look { true } else { false }
    return .object([
      .init("refId", .string(String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index % 26))))),
      .init("datasource", Self.source),
      .init("expr", .string(query.expression)),
      .init("legendFormat", .string(query.legend)),
      .init("instant", .bool(isInstant)),
      .init("range", .bool(!isInstant)),
      .init("format", .string(isTable ? "table" : "time_series")),
    ])
  }

  private var fieldConfig: OrderedJSON {
    switch look {
    case .curves(let isStacked):
      Self.fieldConfig(
        unit, [],
        custom: [
          .init("drawStyle", .string("line")), .init("lineWidth", .number(1)),
          .init("fillOpacity", .number(isStacked ? 30 : 8)),
          .init("showPoints", .string("never")), .init("spanNulls", .bool(false)),
          .init(
            "stacking",
            .object([
              .init("mode", .string(isStacked ? "normal" : "none")), .init("group", .string("A")),
            ])),
        ])
    case .numbers(let steps): Self.fieldConfig(unit, steps)
    case .table(let columns):
      Self.fieldConfig(
        unit, [], custom: [.init("filterable", .bool(true))], overrides: columns.map(Self.override))
    }
  }

  private static func fieldConfig(
    _ unit: String, _ steps: [Step], custom: [OrderedJSON.Member] = [],
    overrides: [OrderedJSON] = []
  ) -> OrderedJSON {
    let thresholds = steps.map { step in
      OrderedJSON.object([
        .init("color", .string(step.colour)),
        .init("value", step.from.map { .number($0) } ?? .null),
      ])
    }
    let colour = steps.isEmpty ? "palette-classic" : "thresholds"
    let start: [OrderedJSON.Member] = [
      .init("unit", .string(unit)), .init("min", .number(0)),
      .init("color", .object([.init("mode", .string(colour))])),
    ]
    let limits = OrderedJSON.Member(
      "thresholds",
      .object([.init("mode", .string("absolute")), .init("steps", .array(thresholds))]))
    return .object([
      .init(
        "defaults",
        .object(
          start + (steps.isEmpty ? [] : [limits])
            + (custom.isEmpty ? [] : [.init("custom", .object(custom))]))),
      .init("overrides", .array(overrides)),
    ])
  }

  private static func override(_ column: Column) -> OrderedJSON {
    let width = column.width.map { property("custom.width", .number(Double($0))) }
    let mappings = column.colours.sorted { $0.key < $1.key }.map { text, colour in
      OrderedJSON.Member(
        text,
        .object([.init("color", .string(colour)), .init("text", .string(text))]))
    }
    let coloured = [
      property(
        "mappings",
        .array([
          .object([.init("type", .string("value")), .init("options", .object(mappings))])
        ])),
      property("custom.cellOptions", .object([.init("type", .string("color-background"))])),
    ]
    return .object([
      .init(
        "matcher",
        .object([.init("id", .string("byName")), .init("options", .string(column.title))])),
      .init(
        "properties", .array((width.map { [$0] } ?? []) + (mappings.isEmpty ? [] : coloured))),
    ])
  }

  private static func property(_ id: String, _ value: OrderedJSON) -> OrderedJSON {
    .object([.init("id", .string(id)), .init("value", value)])
  }

  private var options: OrderedJSON {
    switch look {
    case .curves:
      .object([
        .init(
          "legend",
          .object([
            .init("displayMode", .string("list")), .init("placement", .string("bottom")),
            .init("showLegend", .bool(true)),
          ])),
        .init(
          "tooltip", .object([.init("mode", .string("multi")), .init("sort", .string("desc"))])),
      ])
    case .numbers:
      .object([
        .init("colorMode", .string("background")), .init("graphMode", .string("none")),
        .init("textMode", .string("auto")),
        .init(
          "reduceOptions",
          .object([
            .init("calcs", .strings(["lastNotNull"])), .init("fields", .string("")),
            .init("values", .bool(false)),
          ])),
      ])
    case .table: .object([.init("showHeader", .bool(true)), .init("cellHeight", .string("sm"))])
    }
  }

  /// A table shows the labels it names, in its order; that needs every other field hidden.
  private var transformations: [OrderedJSON.Member] {
    guard case .table(let columns) = look else { return [] }
    let names = columns.map(\.label)
    let filter = OrderedJSON.object([
      .init("id", .string("filterFieldsByName")),
      .init(
        "options", .object([.init("include", .object([.init("names", .strings(names))]))])),
    ])
    let organize = OrderedJSON.object([
      .init("id", .string("organize")),
      .init(
        "options",
        .object([
          .init(
            "indexByName",
            .object(zip(names.indices, names).map { .init($1, .number(Double($0))) })),
          .init("renameByName", .object(columns.map { .init($0.label, .string($0.title)) })),
        ])),
    ])
    return [.init("transformations", .array([filter, organize]))]
  }
}
