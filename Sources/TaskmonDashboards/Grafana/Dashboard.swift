import TaskmonHealth

/// A Grafana dashboard in the classic model, which Grafana 10 to 13 import.
package struct Dashboard: Sendable, Equatable {
  /// Stays as it is, so that a new version replaces the old one and links go on working.
  package var uid: String
  package var title: String
  package var rows: [PanelRow]

  package var panels: [Panel] { rows.flatMap(\.panels) }

  /// The document; ends with a line feed.
  package func text(runbook: String) -> String {
    OrderedJSON.object([
      .init("uid", .string(uid)),
      .init("title", .string(title)),
      .init("description", .string("Written by `make dashboards`: change the code, not this.")),
      .init("tags", .strings(["celery", "redis", "taskmon"])),
      .init("schemaVersion", .number(41)),
      .init("version", .number(1)),
      .init("editable", .bool(true)),
      .init("graphTooltip", .number(1)),
      .init("refresh", .string("30s")),
      .init("timezone", .string("browser")),
      .init("time", .object([.init("from", .string("now-3h")), .init("to", .string("now"))])),
      .init("annotations", .object([.init("list", .array([]))])),
      .init("links", .array(Self.links(runbook))),
      .init("templating", .object([.init("list", .array([Self.sourceChoice, Self.instances]))])),
      .init("panels", .array(placed)),
    ]).text(.pretty) + "\n"
  }

  /// A runbook without an address of its own is nothing Grafana could open.
  private static func links(_ runbook: String) -> [OrderedJSON] {
    guard runbook.hasPrefix("http") else { return [] }
    return [
      .object([
        .init("type", .string("link")), .init("title", .string("Runbook")),
        .init("url", .string(runbook)), .init("targetBlank", .bool(true)),
      ])
    ]
  }

  private static let sourceChoice = OrderedJSON.object([
    .init("name", .string("datasource")), .init("label", .string("Data source")),
    .init("type", .string("datasource")), .init("query", .string("prometheus")),
    .init("current", .object([])), .init("hide", .number(0)), .init("refresh", .number(1)),
  ])

  private static let instances = OrderedJSON.object([
    .init("name", .string("instance")), .init("label", .string("taskmon")),
    .init("type", .string("query")), .init("datasource", Panel.source),
    .init("query", .string("label_values(taskmon_up, instance)")),
    .init("includeAll", .bool(true)), .init("allValue", .string(".*")),
    .init("multi", .bool(true)), .init("refresh", .number(2)), .init("sort", .number(1)),
    .init(
      "current",
      .object([.init("text", .string("All")), .init("value", .string("$__all"))])),
  ])

  /// From left to right, and down where a row of the grid is full.
  private var placed: [OrderedJSON] {
    var id = 0
    var y = 0
    return rows.flatMap { row -> [OrderedJSON] in
      id += 1
      var found = [Self.heading(row.title, id: id, y: y)]
      y += 1
      var x = 0
      var depth = 0
      for panel in row.panels {
        if x + panel.width > 24 {
          x = 0
          y += depth
          depth = 0
        }
        id += 1
        found.append(
          panel.json(
            id: id, at: PanelPlace(x: x, y: y, width: panel.width, height: panel.height)))
        x += panel.width
        depth = max(depth, panel.height)
      }
      y += depth
      return found
    }
  }

  private static func heading(_ title: String, id: Int, y: Int) -> OrderedJSON {
    .object([
      .init("id", .number(Double(id))), .init("type", .string("row")),
      .init("title", .string(title)), .init("collapsed", .bool(false)),
      .init("gridPos", PanelPlace(x: 0, y: y, width: 24, height: 1).json),
      .init("panels", .array([])),
    ])
  }
}
