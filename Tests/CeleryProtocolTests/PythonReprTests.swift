import CeleryProtocol
import Testing

/// Expected texts are CPython 3.11's own.
struct PythonReprTests {
  @Test(
    "floats are printed as Python prints them",
    arguments: [
      (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (0.1, "0.1"), (1e15, "1000000000000000.0"),
      (1e16, "1e+16"), (123456789012345680.0, "1.2345678901234568e+17"), (1e-4, "0.0001"),
      (1e-5, "1e-05"), (1.5e-7, "1.5e-07"), (Double.leastNonzeroMagnitude, "5e-324"),
      (1.7976931348623157e308, "1.7976931348623157e+308"), (-2.5, "-2.5"),
      (1795334916.414412, "1795334916.414412"), (9007199254740993.0, "9007199254740992.0"),
      (9999999999999998.0, "9999999999999998.0"), (1e22, "1e+22"), (100.0, "100.0"),
      (0.00012345, "0.00012345"), (Double.infinity, "inf"), (-Double.infinity, "-inf"),
      (Double.nan, "nan"),
    ])
  func printsFloats(_ value: Double, _ expected: String) {
    #expect(PythonRepr.text(of: value) == expected)
  }

  @Test(
    "strings are quoted and escaped as repr does",
    arguments: [
      ("plain", "'plain'"), ("it's", "\"it's\""), ("say \"hi\"", "'say \"hi\"'"),
      ("both ' and \"", "'both \\' and \"'"), ("a\nb\tc\rd\\", "'a\\nb\\tc\\rd\\\\'"),
      ("\0\u{1b}\u{7f}\u{80}\u{a0}\u{ad}", "'\\x00\\x1b\\x7f\\x80\\xa0\\xad'"), ("é✓", "'é✓'"),
      (
        "\u{200b}\u{2028}\u{e000}\u{1f600}\u{e0001}",
        "'\\u200b\\u2028\\ue000\u{1f600}\\U000e0001'"
      ), ("\u{3000}", "'\\u3000'"), ("\r\n", "'\\r\\n'"), ("", "''"),
    ])
  func quotesStrings(_ text: String, _ expected: String) {
    #expect(PythonRepr.text(of: .string(text)) == expected)
  }

  @Test("containers and constants are spelled in Python")
  func printsContainers() {
    let value: JSONValue = [
      "a": [1, -2.5, nil, true, false], "b": ["c": []], "big": .bigInteger("123456789012345678901"),
    ]
    #expect(
      PythonRepr.text(of: value)
        == "{'a': [1, -2.5, None, True, False], 'b': {'c': []}, 'big': 123456789012345678901}")
  }

  @Test(
    "arguments of a schedule compare equal with what Celery puts into headers",
    arguments: [
      (#"[1]"#, "[1]", "(1,)", "1"),
      (#"[]"#, "[]", "()", ""),
      (#"["it's"]"#, #"['it\'s']"#, #"('it\'s',)"#, #"'it\'s'"#),
      (#"["a\nb\\c"]"#, "['a\nb\\c']", "('a\nb\\c',)", "'a\nb\\c'"),
      (#"[[1,2],{"k":"v"}]"#, "[[1, 2], {'k': 'v'}]", "([1, 2], {'k': 'v'})", "[1, 2], {'k': 'v'}"),
      (#"[[[[1]]]]"#, "[[[[...]]]]", "([[[...]]],)", "[[[...]]]"),
      (
        #"[{"a":{"b":{"c":1}}}]"#, "[{'a': {'b': {...}}}]", "({'a': {'b': {...}}},)",
        "{'a': {'b': {...}}}"
      ),
      (
        #"[true,null,1.5,1e16,1e-5]"#, "[True, None, 1.5, 1e+16, 1e-05]",
        "(True, None, 1.5, 1e+16, 1e-05)", "True, None, 1.5, 1e+16, 1e-05"
      ),
      (#"["\u00e9\u2713"]"#, "['é✓']", "('é✓',)", "'é✓'"),
      (#"[[]]"#, "[[]]", "([],)", "[]"), (#"[[[{}]]]"#, "[[[{...}]]]", "([[{...}]],)", "[[{...}]]"),
    ])
  func comparesArguments(_ json: String, _ list: String, _ tuple: String, _ expected: String) throws
  {
    let value = try JSONValue(decoding: Array(json.utf8))
    #expect(PythonRepr.argumentsText(of: value) == expected)
    #expect(PythonRepr.argumentsText(list) == expected)
    #expect(PythonRepr.argumentsText(tuple) == expected)
  }

  @Test("keyword arguments lose their braces only")
  func comparesKeywordArguments() throws {
    let value = try JSONValue(decoding: Array(#"{"k":"it's","n":[1]}"#.utf8))
    #expect(PythonRepr.keywordArgumentsText(of: value) == #"'k': 'it\'s', 'n': [1]"#)
    #expect(
      PythonRepr.keywordArgumentsText(#"{'k': 'it\'s', 'n': [1]}"#)
        == #"'k': 'it\'s', 'n': [1]"#)
    #expect(PythonRepr.keywordArgumentsText("{}") == "")
    #expect(PythonRepr.keywordArgumentsText(of: nil) == "")
    #expect(PythonRepr.argumentsText(of: nil) == "")
    #expect(PythonRepr.argumentsText("(") == "(")
  }
}
