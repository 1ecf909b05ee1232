import CeleryProtocol
import Testing

struct JSONTests {
  @Test(
    "what Python writes is read",
    arguments: [
      ("null", nil), (" true ", true), ("false", false), ("0", 0), ("-7", -7), ("1.5e2", 150.0),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .bigInteger("9223372036854775808")),
      ("-123456789012345678901", .bigInteger("-123456789012345678901")),
      ("Infinity", .double(.infinity)), ("-Infinity", .double(-.infinity)),
      ("1e999", .double(.infinity)), ("\"\"", ""),
      (#""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#, "é😀/\u{8}\u{c}\n\r\t\"\\"),
      (#""\ud83d""#, "\u{FFFD}"), (#""\ude00x""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
      ("[]", []), ("{}", [:]), ("[1, [2, {\"a\": 3}], \"x\"]", [1, [2, ["a": 3]], "x"]),
      ("{\"a\":1,\"a\":2}", ["a": 1, "a": 2]),
    ] as [(String, JSONValue)])
  func reads(_ text: String, _ expected: JSONValue) throws {
    #expect(try JSONValue(decoding: Array(text.utf8)) == expected)
  }

  @Test("a number that is none stays one")
  func readsNaN() throws {
    #expect(try JSONValue(decoding: Array("NaN".utf8)).double?.isNaN == true)
  }

  @Test("of repeated keys the last counts, as in Python")
  func takesLastOfRepeated() throws {
    #expect(try JSONValue(decoding: Array(#"{"a":1,"b":0,"a":2}"#.utf8))["a"] == 2)
  }

  @Test(
    "what is not JSON is refused, with the place",
    arguments: [
      ("", DecodeError.truncated(at: 0)), ("[", .truncated(at: 1)), ("[1", .truncated(at: 2)),
      ("[1,", .truncated(at: 3)), ("[1,]", .malformed(at: 3)), ("[,1]", .malformed(at: 1)),
      ("[1 2]", .malformed(at: 3)), ("[1}", .malformed(at: 2)), ("{\"a\"}", .malformed(at: 4)),
      ("{\"a\":1,}", .malformed(at: 7)), ("{1:2}", .malformed(at: 1)), ("01", .malformed(at: 0)),
      ("1.", .truncated(at: 2)), ("1.x", .malformed(at: 2)), ("-", .truncated(at: 1)),
      ("1e", .truncated(at: 2)), ("+1", .malformed(at: 0)), (".5", .malformed(at: 0)),
      ("tru", .truncated(at: 3)), ("trux", .malformed(at: 0)), ("nan", .malformed(at: 0)),
      ("\"abc", .truncated(at: 4)), ("\"\\", .truncated(at: 2)), ("\"\\x\"", .malformed(at: 1)),
      ("\"\\u12\"", .malformed(at: 1)), ("\"\\u12", .truncated(at: 5)), ("1 2", .malformed(at: 2)),
      ("{} {}", .malformed(at: 3)), ("'a'", .malformed(at: 0)),
    ])
  func refuses(_ text: String, _ expected: DecodeError) {
    #expect(throws: expected) { try JSONValue(decoding: Array(text.utf8)) }
  }

  @Test("depth, number and size are bounded: at the limit and one over")
  func holdsLimits() throws {
    let limits = JSONLimits(depth: 3, values: 5, bytes: 20)
    #expect(try JSONValue(decoding: Array("[[[]]]".utf8), limits: limits) == [[[]]])
    #expect(throws: DecodeError.tooDeep(at: 3)) {
      try JSONValue(decoding: Array("[[[[]]]]".utf8), limits: limits)
    }
    #expect(try JSONValue(decoding: Array("[1,2,3,4]".utf8), limits: limits) == [1, 2, 3, 4])
    #expect(throws: DecodeError.tooManyValues) {
      try JSONValue(decoding: Array("[1,2,3,4,5]".utf8), limits: limits)
    }
    let text = "\"" + String(repeating: "x", count: 18) + "\""
    #expect(try JSONValue(decoding: Array(text.utf8), limits: limits).string?.count == 18)
    #expect(throws: DecodeError.tooLarge(limit: 20)) {
      try JSONValue(decoding: Array((text + " ").utf8), limits: limits)
    }
  }

  @Test("a deep nest is refused and not followed")
  func refusesDeepNests() {
    let nest = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: DecodeError.tooDeep(at: 128)) { try JSONValue(decoding: nest) }
    #expect(throws: DecodeError.self) {
      try TaskMessage(decoding: Array("{\"x\":".utf8) + nest)
    }
  }

  @Test("broken UTF-8 becomes a replacement character")
  func repairsUTF8() throws {
    let value = try JSONValue(decoding: [0x22, 0xFF, 0x61, 0x22])
    #expect(value == "\u{FFFD}a")
  }

  @Test(
    "what is written is what Python writes",
    arguments: [
      (nil, "null"), (true, "true"), ([1, -2.5, 1e16], "[1, -2.5, 1e+16]"),
      (["a": [:], "b": []], #"{"a": {}, "b": []}"#), (.double(.infinity), "Infinity"),
      (.double(-.infinity), "-Infinity"), (.double(.nan), "NaN"),
      ("a\nb\tc\rd\\\u{8}\u{c}\"/", #""a\nb\tc\rd\\\b\f\"/""#),
      ("\0\u{1b}\u{7f}\u{80}", #""\u0000\u001b\u007f\u0080""#), ("é✓", #""\u00e9\u2713""#),
      ("😀\u{e0001}", #""\ud83d\ude00\udb40\udc01""#),
      (.bigInteger("12345678901234567890"), "12345678901234567890"),
    ] as [(JSONValue, String)])
  func writes(_ value: JSONValue, _ expected: String) {
    #expect(String(decoding: JSONWriter.bytes(of: value), as: UTF8.self) == expected)
  }
}
