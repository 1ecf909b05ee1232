import TaskmonTUI
import Testing

@Suite("Screen")
struct ScreenTests {
  @Test(
    "Nothing is put outside the grid",
    arguments: [(-1, 0), (0, -1), (2, 0), (0, 5), (Int.max, Int.max), (Int.min, 0)])
  func outside(row: Int, column: Int) {
    var screen = Screen(columns: 5, rows: 2)
    screen.put("hello", row: row, column: column)
    #expect(screen == Screen(columns: 5, rows: 2))
  }

  @Test("Text is clipped at the edge and at its width")
  func clipped() {
    var screen = Screen(columns: 5, rows: 2)
    #expect(screen.put("hello world", row: 0, column: 2) == 5)
    #expect(screen.put("hello", row: 1, column: 0, width: 3) == 3)
    #expect(screen.text == ["  he…", "he…"])
  }

  @Test("Of text that reaches out of its window only what is within is put")
  func window() {
    var screen = Screen(columns: 8, rows: 1)
    screen.put("日本語x", row: 0, column: 1, width: 8, within: 2..<6)
    #expect(screen.text == ["   本"])
    screen = Screen(columns: 8, rows: 1)
    screen.put("abcdefghij", row: 0, column: -3, width: 20, within: 0..<100)
    #expect(screen.text == ["defghij"])
    screen.put("x", row: 4, column: 0, width: 1, within: 0..<8)
    #expect(screen.text == ["defghij"])
  }

  @Test("Overwriting half of a wide character leaves no half behind")
  func halves() {
    var screen = Screen(columns: 6, rows: 1)
    screen.put("日本語", row: 0, column: 0)
    screen.put("x", row: 0, column: 1)
    #expect(screen.text == [" x本語"])
    screen.put("語", row: 0, column: 3)
    #expect(screen.text == [" x 語"])
    #expect(screen.cells.map(\.width) == [1, 1, 1, 2, 0, 1])
  }

  @Test("In ASCII a wide character becomes two cells of ASCII")
  func ascii() {
    var screen = Screen(columns: 8, rows: 1)
    screen.put("▌日▲…é|x", row: 0, column: 0)
    #expect(screen.inASCII().text == [">? ^~?|x"])
    #expect(screen.inASCII().cells.allSatisfy { $0.width == 1 })
  }

  @Test("An impossible size is an empty grid")
  func impossible() {
    var screen = Screen(columns: -4, rows: 3)
    screen.put("x", row: 0, column: 0)
    screen.select(row: 0)
    screen.fill(row: 0, role: .dim)
    #expect(screen.cells.isEmpty)
  }
}

@Suite("Difference of screens")
struct ScreenDifferenceTests {
  static func screen(_ text: String, role: Role = .text) -> Screen {
    var screen = Screen(columns: 10, rows: 2)
    screen.put(text, row: 0, column: 0, style: Style(role))
    return screen
  }

  @Test("Nothing is drawn when nothing changed")
  func nothing() {
    #expect(Self.screen("日本 abc").runs(since: Self.screen("日本 abc")).isEmpty)
  }

  @Test("Only changed cells are drawn, neighbours of one style together")
  func changed() {
    let runs = Self.screen("abXYef").runs(since: Self.screen("abcdef"))
    #expect(runs == [CellRun(row: 0, column: 2, text: "XY", width: 2, style: .plain)])
  }

  @Test("A change of style alone is a change")
  func style() {
    let runs = Self.screen("ab", role: .critical).runs(since: Self.screen("ab"))
    #expect(
      runs == [CellRun(row: 0, column: 0, text: "ab", width: 2, style: Style(.critical))])
  }

  @Test("After a wide character the next cell is placed anew")
  func wide() {
    let runs = Self.screen("a日b").runs(since: Self.screen(""))
    #expect(runs.map(\.column) == [0, 3])
    #expect(runs.map(\.text) == ["a日", "b"])
  }

  @Test("Where nothing or another size is shown everything is drawn")
  func everything() {
    let screen = Self.screen("ab")
    #expect(screen.runs(since: nil).reduce(0) { $0 + $1.width } == 20)
    #expect(screen.runs(since: Screen(columns: 9, rows: 2)).reduce(0) { $0 + $1.width } == 20)
  }

  @Test("Drawing the difference onto the old screen gives the new one")
  func replay() {
    let (old, new) = (Self.screen("日本語 abc"), Self.screen("a本語x 日本"))
    var painted = old
    for run in new.runs(since: old) {
      painted.put(run.text, row: run.row, column: run.column, style: run.style)
    }
    #expect(painted.text == new.text)
  }
}

@Suite("Themes")
struct ThemeTests {
  @Test("Without colours no theme asks for one", arguments: ThemeName.allCases)
  func mono(_ name: ThemeName) {
    for role in Role.allCases {
      for selected in [true, false] {
        let look = Theme(name).appearance(of: Style(role, selected: selected), colours: 0)
        #expect(look.foreground == nil && look.background == nil)
      }
    }
  }

  @Test("The row under the cursor looks different from the others", arguments: ThemeName.allCases)
  func selection(_ name: ThemeName) {
    for colours in [0, 8, 256] {
      for role in [Role.text, .dim, .critical, .warning, .info, .unknown, .good] {
        let theme = Theme(name)
        #expect(
          theme.appearance(of: Style(role, selected: true), colours: colours)
            != theme.appearance(of: Style(role), colours: colours))
      }
    }
  }

  @Test(
    "Every severity has its own look where there are colours",
    arguments: [ThemeName.dark, .light, .colourBlind], [8, 256])
  func severities(_ name: ThemeName, colours: Int) {
    let looks = [Role.critical, .warning, .info, .good, .text].map {
      Theme(name).appearance(of: Style($0), colours: colours)
    }
    #expect(Set(looks).count == looks.count)
  }
}
