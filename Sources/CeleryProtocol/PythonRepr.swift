/// Values as Python prints them, to compare schedules with what messages and events carry.
package enum PythonRepr {
  /// `repr()` of a value read from JSON.
  package static func text(of value: JSONValue) -> String { "" }

  /// A float as `repr()` prints it: the shortest digits that give it back.
  package static func text(of value: Double) -> String { "" }

  /// Positional arguments of any spelling (`[1]`, `(1,)`) without brackets and trailing comma.
  package static func argumentsText(_ repr: String) -> String { repr }

  /// Keyword arguments without their braces.
  package static func keywordArgumentsText(_ repr: String) -> String { repr }

  /// Positional arguments read from JSON, in the same spelling.
  package static func argumentsText(of value: JSONValue) -> String { "" }

  /// Keyword arguments read from JSON, in the same spelling.
  package static func keywordArgumentsText(of value: JSONValue) -> String { "" }
}
