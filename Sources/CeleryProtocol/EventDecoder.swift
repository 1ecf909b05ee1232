/// Reads published events; keeps its working memory from one payload to the next.
package struct EventDecoder: Sendable {
  package init() {}

  /// Hands over each event of a payload, one object or a list, and returns their number.
  ///
  /// Where it throws, the events handed over before stand.
  package mutating func decode(
    _ payload: [UInt8], _ handle: (CeleryEvent) -> Void
  ) throws(DecodeError) -> Int {
    throw .missing("type")
  }
}
