import TaskmonDashboards
import TaskmonHealth
import Testing

@Suite("Generated text")
struct WritingTests {
  @Test("is YAML that says what was meant, plain where that is safe")
  func yaml() {
    let value = OrderedJSON.object([
      .init("plain", .string("up == 0 and on (job) x{a=\"b\"}")),
      .init("duration", .string("15m")),
      .init("number as text", .string("1+0x4")),
      .init("word", .string("true")),
      .init("quote", .string("it's: so")),
      .init("lines", .string("one\n\ntwo")),
      .init("empty", .array([])),
      .init("list", .array([.object([.init("a", .number(1)), .init("b", .strings(["c"]))])])),
    ])
    #expect(
      YAML.text(value) == """
        plain: up == 0 and on (job) x{a="b"}
        duration: 15m
        number as text: '1+0x4'
        word: 'true'
        quote: 'it''s: so'
        lines: |-
          one

          two
        empty: []
        list:
          - a: 1
            b:
              - c

        """)
  }

  @Test("is Markdown in which plain text stays text and code stays code")
  func prose() {
    let lines = Markdown.prose("- a * b <c>\n1. d\n\n    x = a * <b>\n")
    #expect(lines == [#"\- a \* b &lt;c> 1. d"#, "", "    x = a * <b>"])
  }

  @Test("is a Markdown table that a bar in a cell does not break")
  func table() {
    #expect(
      Markdown.table(["a", "b"], [["x|y", ""]]) == ["| a | b |", "|---|---|", #"| x\|y |  |"#])
  }
}
