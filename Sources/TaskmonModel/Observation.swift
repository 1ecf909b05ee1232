/// A fact, or why it is not known.
///
/// Unknown is never zero, never healthy and never an empty list.
package enum Observation<Value: Sendable>: Sendable {
  case value(Value)
  /// The reason is a clause an operator can act on: "no worker answered the inspect request".
  case unavailable(String)

  package var value: Value? {
    guard case .value(let value) = self else { return nil }
    return value
  }

  package var reason: String? {
    guard case .unavailable(let reason) = self else { return nil }
    return reason
  }

  package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Observation<Other> {
    switch self {
    case .value(let value): .value(transform(value))
    case .unavailable(let reason): .unavailable(reason)
    }
  }
}

extension Observation: Equatable where Value: Equatable {}
extension Observation: Hashable where Value: Hashable {}

/// Encoded as `{"value": …}` or `{"unavailable": "reason"}`.
extension Observation: Codable where Value: Codable {
  private enum Key: String, CodingKey {
    case value, unavailable
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let reason = try container.decodeIfPresent(String.self, forKey: .unavailable) {
      self = .unavailable(reason)
    } else {
      self = .value(try container.decode(Value.self, forKey: .value))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .value(let value): try container.encode(value, forKey: .value)
    case .unavailable(let reason): try container.encode(reason, forKey: .unavailable)
    }
  }
}
