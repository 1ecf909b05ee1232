import CeleryProtocol
import Testing

/// Decimal numbers become the double that is nearest, bit for bit.
struct NumberTests {
  @Test("a decimal is read as the standard library reads it", arguments: 1...4)
  func readsDecimals(_ seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    for _ in 0..<20_000 {
      let digits = String(random.next() >> (random.next() % 62))
      let place = Int(random.next() % UInt64(digits.count + 1))
      let whole = place == 0 ? "0" : String(digits.prefix(place))
      let fraction = String(digits.dropFirst(place))
      let sign = random.next() % 4 == 0 ? "-" : ""
      try expectRead(sign + whole + "." + (fraction.isEmpty ? "0" : fraction))
    }
  }

  @Test("timestamps as Python prints them are exact")
  func readsTimestamps() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<50_000 {
      let moment = 1_795_334_923 + Double(random.next() % 10_000_000_000) / 10_000_000
      try expectRead(moment.description)
    }
  }

  @Test(
    "the edges are exact",
    arguments: [
      "0.0", "-0.0", "0.1", "9007199254740993.0", "9007199254740993", "0.9007199254740993",
      "9999999999999999999.0", "0.0000000000000000001", "1.0000000000000002220446049250313",
      "18014398509481985.0", "18014398509481987.0", "1844674407370955161.5", "1e5", "1.5e-7",
      "1E300", "99999999999999974834176", "4503599627370496.5", "4503599627370497.5",
    ])
  func readsEdges(_ text: String) throws { try expectRead(text) }

  private func expectRead(_ text: String) throws {
    let value = try JSONValue(decoding: Array("[\(text)]".utf8)).array?.first?.double
    #expect(value == Double(text), "\(text)")
  }
}
