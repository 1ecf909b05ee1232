/// A hash that is the same in every run and on every machine, unlike Swift's own.
package enum StableHash {
  /// FNV-1a of 64 bits; whoever wants two texts to collide can have it.
  package static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
  }
}
