package import TaskmonUnits

/// What the first and last bytes of a stored result tell, so that no result is read whole.
package struct ResultEnds: Sendable, Equatable {
  /// `SUCCESS`, `FAILURE`, …; nil where it is not JSON or the bytes do not reach it.
  package var state: String?
  /// Only with `result_extended`.
  package var task: String?
  package var worker: String?
  package var queue: String?
  /// The class of a failure; nil where the bytes do not reach it.
  package var exceptionType: String?
  package var dateDone: Timestamp?
  package var taskID: String?

  /// Reads what it can and ignores the rest; `size` is the whole value's, in bytes.
  package init(first: [UInt8], last: [UInt8], size: Int) {}
}
