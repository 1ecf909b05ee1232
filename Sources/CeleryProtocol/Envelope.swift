/// A message of any kind with its body unpacked: replies and drill-downs.
package struct Envelope: Sendable, Equatable {
  package var contentType: String?
  package var contentEncoding: String?
  package var compression: String?
  package var headers: JSONValue
  package var properties: JSONValue
  /// After base64; still compressed where `compression` is named.
  package var body: [UInt8]

  /// Reads an envelope; a larger one than `limits.bytes` is refused.
  package init(
    decoding element: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(DecodeError) {
    throw .missing("body")
  }
}
