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
  /// The first argument of that exception where it is a text: for `NotRegistered` the task's name.
  package var exceptionArgument: String?
  package var dateDone: Timestamp?
  package var taskID: String?

  /// Reads what it can and ignores the rest; `size` is the whole value's, in bytes.
  ///
  /// The two ends may overlap. Members of the result value itself are never taken for the meta's.
  package init(first: [UInt8], last: [UInt8], size: Int) {
    let head = first.span
    var cursor = JSONCursor()
    guard (try? cursor.beginObject(head)) != nil else { return }
    // A cut text ends in an error; what was read until there stands.
    do {
      while let key = try cursor.nextKey(head) { try read(key, &cursor, head) }
    } catch {
      if first.count < size { readTail(last) }
    }
  }

  private mutating func read(
    _ key: String, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    switch key {
    case "status": state = try cursor.optionalString(bytes, limit: 64)
    case "name": task = try cursor.optionalString(bytes, limit: 1024)
    case "worker": worker = try cursor.optionalString(bytes, limit: 1024)
    case "queue": queue = try cursor.optionalString(bytes, limit: 1024)
    case "date_done": dateDone = try cursor.optionalTime(bytes)
    case "task_id": taskID = try cursor.optionalString(bytes, limit: 1024)
    case "result": try readResult(&cursor, bytes)
    default: try cursor.skip(bytes)
    }
  }

  private mutating func readResult(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    // A task may return a member of this name; only a state that is no success means an exception.
    guard try cursor.peek(bytes) == UInt8(ascii: "{"), state != "SUCCESS" else {
      return try cursor.skip(bytes)
    }
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      if key == "exc_type" {
        exceptionType = try cursor.optionalString(bytes, limit: 256)
      } else if key == "exc_message" {
        exceptionArgument = try Self.firstText(&cursor, bytes)
      } else {
        try cursor.skip(bytes)
      }
    }
  }

  /// Celery writes the exception's arguments as a list.
  private static func firstText(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> String? {
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else {
      return try cursor.optionalString(bytes, limit: 1024)
    }
    try cursor.beginArray(bytes)
    var first: String?
    var isFirst = true
    while try cursor.nextElement(bytes) {
      if isFirst {
        first = try cursor.optionalString(bytes, limit: 1024)
      } else {
        try cursor.skip(bytes)
      }
      isFirst = false
    }
    return first
  }

  /// The members behind the result, each as it opens.
  private static let tailKeys = [
    "traceback", "children", "date_done", "group_id", "parent_id", "name", "args", "kwargs",
    "worker", "retries", "queue", "task_id",
  ].map { Array("\"\($0)\":".utf8) }

  /// Finds the meta's last members, which begin somewhere in `last`.
  ///
  /// A quote without a backslash before it that opens one of the known keys is no part of a string;
  /// and if the members from there on end with a bracket at the very last byte, that bracket can
  /// only be the meta's own.
  private mutating func readTail(_ last: [UInt8]) {
    guard last.last == UInt8(ascii: "}") else { return }
    let bytes = last.span
    for start in last.indices.dropFirst()
    where last[start] == UInt8(ascii: "\"") && last[start - 1] != UInt8(ascii: "\\") {
      guard Self.tailKeys.contains(where: { last[start...].starts(with: $0) }) else { continue }
      var found = self
      var cursor = JSONCursor(inObjectAt: start)
      if (try? found.readMembers(&cursor, bytes)) != nil, cursor.position == last.count {
        self = found
        return
      }
    }
  }

  private mutating func readMembers(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    while let key = try cursor.nextKey(bytes) { try read(key, &cursor, bytes) }
  }
}
