import CeleryProtocol
import TaskmonUnits

/// What may be absent, as Python writes it: `null`.
extension JSONValue {
  static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
  static func whole(_ value: Int) -> JSONValue { .integer(Int64(value)) }
  static func whole(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
  static func time(_ value: Timestamp?) -> JSONValue {
    value.map { .string(PythonTime.isoformat($0)) } ?? .null
  }
  /// Seconds since 1970 as a float.
  static func epoch(_ value: Timestamp?) -> JSONValue {
    value.map { .double($0.secondsSince1970) } ?? .null
  }
}
