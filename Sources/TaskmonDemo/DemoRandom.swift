package import TaskmonUnits

/// Numbers that look random and repeat under the same seed (SplitMix64).
package struct DemoRandom: RandomNumberGenerator, Sendable, Equatable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  package mutating func between(_ range: ClosedRange<Double>) -> Double {
    Double.random(in: range, using: &self)
  }

  package mutating func whole(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  /// True in `probability` of all cases, 0 to 1.
  package mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }

  /// The time to the next of events that come at `rate` a second, unevenly.
  package mutating func gap(rate: Double) -> Seconds {
    Seconds(between(0.2...1.8) / max(rate, 0.001))
  }

  /// The canonical text of a UUID: version 4 for ids and tags, 3 for `reply_to`.
  package mutating func uuid(version: UInt8 = 4) -> String {
    let high = next() & 0xFFFF_FFFF_FFFF_0FFF | UInt64(version & 0xF) << 12
    let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    let digits = hexadecimal(high, width: 16) + hexadecimal(low, width: 16)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text.append("-") }
      text.append(digit)
    }
    return text
  }
}

/// Lower-case digits, zeros in front.
func hexadecimal(_ value: UInt64, width: Int) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
