/// The exception's class, from what an event tells of it.
package enum FailureClass {
  /// The class without its module; nil where neither text names one.
  package static func name(exception: String?, traceback: String?) -> String? { nil }
}
