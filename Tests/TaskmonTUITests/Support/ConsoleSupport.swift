import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits

extension Console {
  /// A console of some size that shows the data and has seen the keys.
  static func showing(
    _ data: ConsoleData, columns: Int = 80, rows: Int = 24, view: ViewID = .health,
    keys: [Key] = []
  ) -> Console {
    var console = Console(
      data: data, options: ConsoleOptions(view: view), pages: SampleData.page(of:))
    _ = console.handle(.resize(columns: columns, rows: rows))
    for key in keys { _ = console.handle(.key(key)) }
    return console
  }

  var lines: [String] { render().text }

  /// The text of the row the cursor is on; nil where no row is marked.
  var selectedLine: String? {
    let screen = render()
    return (0..<screen.rows).first { screen[$0, 0]?.text == "▌" }.map { screen.text[$0] }
  }

  mutating func type(_ text: String) {
    for character in text { _ = handle(.key(.character(character))) }
  }
}

extension SampleData {
  /// What a view reads of some data.
  static func context(_ data: ConsoleData = data()) -> ViewContext? {
    data.snapshot.map { snapshot in
      ViewContext(
        snapshot: snapshot, history: data.history, report: data.report, moments: MomentFormat(),
        pages: page(of:))
    }
  }
}
