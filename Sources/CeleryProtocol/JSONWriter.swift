/// Writes JSON byte for byte as Python's `json.dumps` does: `, ` and `: `, non-ASCII escaped.
package enum JSONWriter {
  package static func bytes(of value: JSONValue) -> [UInt8] { [] }
  package static func append(_ value: JSONValue, to bytes: inout [UInt8]) {}
}
