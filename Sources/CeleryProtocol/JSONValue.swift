/// A JSON value kept whole, for replies and schedules; events and messages are read by cursor.
package enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// The digits of an integer that 64 bits do not hold.
  case bigInteger(String)
  /// May be infinite or not a number: Python writes `Infinity` and `NaN`.
  case double(Double)
  case string(String)
  case array([JSONValue])
  /// In the order written; a repeated key stands more than once and the last one counts.
  case object([JSONMember])
}

/// One member of an object.
package struct JSONMember: Sendable, Hashable {
  package var key: String
  package var value: JSONValue

  package init(_ key: String, _ value: JSONValue) {
    self.key = key
    self.value = value
  }
}

/// How much of a text is taken.
package struct JSONLimits: Sendable, Hashable {
  /// Arrays and objects inside each other.
  package var depth: Int
  /// Values of any kind, members and elements counted.
  package var values: Int
  /// Bytes of text.
  package var bytes: Int

  package init(depth: Int = 128, values: Int = 500_000, bytes: Int = 32 << 20) {
    self.depth = depth
    self.values = values
    self.bytes = bytes
  }
}

extension JSONValue {
  package subscript(key: String) -> JSONValue? { members?.last { $0.key == key }?.value }

  package var isNull: Bool { self == .null }

  package var members: [JSONMember]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  package var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// An integer, also where Python wrote it as a whole float.
  package var int: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .double(let value): Int(exactly: value)
    case .null, .bool, .bigInteger, .string, .array, .object: nil
    }
  }

  /// Any number; may be infinite or not a number.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .bigInteger(let digits): Double(digits)
    case .double(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { JSONMember($0.0, $0.1) })
  }
}
