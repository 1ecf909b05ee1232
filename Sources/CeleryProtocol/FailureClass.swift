/// The exception's class, from what an event tells of it.
package enum FailureClass {
  /// Billiard's wrapper, which a lost process or a hard limit shows instead of the exception.
  private static let wrapper = "ExceptionWithTraceback"

  /// The class without its module; nil where neither text names one.
  ///
  /// The repr is preferred: in a retry the traceback ends in `Retry`. Where the repr is a wrapper,
  /// or has no class in front, the traceback's last line that names one is taken.
  package static func name(exception: String?, traceback: String?) -> String? {
    if let exception, let name = className(in: exception, before: "("), name != wrapper {
      return name
    }
    guard let traceback else { return nil }
    let lines = traceback.split(separator: "\n")
    for line in lines.reversed() where line.first != " " {
      if let name = className(in: String(line), before: ":") { return name }
    }
    return nil
  }

  /// The module that the last line of a traceback which names a class tells of it; nil where none
  /// does, as for Python's own.
  static func module(of className: String, traceback: String) -> String? {
    for line in traceback.split(separator: "\n").reversed() where line.first != " " {
      let path = line.prefix { $0 != ":" }
      guard path == className || path.hasSuffix(".\(className)") else { continue }
      return path == className ? nil : String(path.dropLast(className.count + 1))
    }
    return nil
  }

  /// The last part of a dotted name at the very front of `text`, ended by `mark`.
  private static func className(in text: String, before mark: Unicode.Scalar) -> String? {
    let scalars = text.unicodeScalars
    let path = scalars.prefix { isPart($0) }
    if path.endIndex < scalars.endIndex {
      guard scalars[path.endIndex] == mark else { return nil }
    } else if mark == "(" {
      return nil
    }
    guard let name = path.split(separator: ".").last, let first = name.first,
      !("0"..."9").contains(first)
    else { return nil }
    return String(name)
  }

  private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "." || scalar == "_" || scalar.properties.isAlphabetic
      || ("0"..."9").contains(scalar)
  }
}
