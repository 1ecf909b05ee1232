/// The outside of an envelope: where its body lies and how it is packed.
struct EnvelopeOutline {
  var body: JSONSlice?
  var contentType: String?
  var contentEncoding: String?
  var compression: String?
  /// kombu's `body_encoding`; nil means the body is the text itself.
  var bodyEncoding: String?

  /// The body's bytes before any decompression.
  func unpackBody(
    _ cursor: JSONCursor, _ bytes: Span<UInt8>, limit: Int, into out: inout [UInt8]
  ) throws(DecodeError) {
    guard let body else { throw .missing("body") }
    guard bodyEncoding == "base64" else {
      guard body.end - body.start <= limit else { throw .tooLarge(limit: limit) }
      out = cursor.content(body, bytes)
      return
    }
    guard (body.end - body.start) / 4 <= limit / 3 + 1 else { throw .tooLarge(limit: limit) }
    if body.isEscaped {
      let plain = cursor.content(body, bytes)
      try Base64.decode(plain.span, from: 0, to: plain.count, into: &out)
    } else {
      try Base64.decode(bytes, from: body.start, to: body.end, into: &out)
    }
  }

  /// Whether the body is JSON as it stands.
  func requireJSON() throws(DecodeError) {
    if let compression { throw .unsupported("compression \(compression)") }
    guard contentType == nil || contentType == "application/json" else {
      throw .unsupported("content type \(contentType ?? "")")
    }
  }
}
