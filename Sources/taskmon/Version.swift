/// Which taskmon this is.
enum Version {
  static let text = "0.1.0"
  /// Packagers put the source revision here; a build from a checkout does not know it.
  static let revision = "unknown"

  #if swift(>=6.3)
    static let swift = "6.3"
  #elseif swift(>=6.2)
    static let swift = "6.2"
  #else
    static let swift = "6"
  #endif
}
