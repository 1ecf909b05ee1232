import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads one stored result: whole where it is small, else only its ends.
struct ResultLookup: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget

  func find(
    _ id: String, _ redis: some RedisReading
  ) async throws(RedisError) -> Result<TaskResult?, CollectionError> {
    let key = layout.result(id: id)
    let facts = try await redis.read([.stringLength(key), .millisecondsToLive(key)])
    let size: Int
    let lifetime: Int
    do {
      size = try (facts.first ?? .null).integer(on: "the result")
      lifetime = try (facts.last ?? .null).integer(on: "the result's lifetime")
    } catch {
      return .failure(error)
    }
    guard size > 0, lifetime != -2 else { return .success(nil) }
    let kept = lifetime >= 0 ? Seconds.milliseconds(Double(lifetime)) : nil
    let isSmall = size <= budget.notableResult.value
    var result = TaskResult(size: ByteCount(size), timeToLive: kept, isWhole: isSmall)
    if isSmall {
      let whole = try await redis.read([.stringRange(key, from: 0, through: size - 1)])
      result.take(whole.first?.bytes ?? [])
    } else {
      let end = Int(budget.resultEnd.value)
      let ends = try await redis.read([
        .stringRange(key, from: 0, through: end - 1), .stringRange(key, from: -end, through: -1),
      ])
      result.take(
        ResultEnds(first: ends.first?.bytes ?? [], last: ends.last?.bytes ?? [], size: size))
    }
    return .success(result)
  }
}

extension TaskResult {
  fileprivate mutating func take(_ ends: ResultEnds) {
    state = ends.state
    task = ends.task
    worker = ends.worker
    queue = ends.queue
    exceptionClass = ends.exceptionType
    doneAt = ends.dateDone
  }

  /// What is no JSON (another serializer) is known by its size alone.
  fileprivate mutating func take(_ bytes: [UInt8]) {
    take(ResultEnds(first: bytes, last: [], size: bytes.count))
    guard let meta = try? JSONValue(decoding: bytes), meta.members != nil else { return }
    let value = meta["result"] ?? .null
    if let name = value["exc_type"]?.string, state != "SUCCESS" {
      exceptionClass = name
      exceptionText = Self.text(ofArguments: value["exc_message"] ?? .null)
    } else {
      valueText = PythonRepr.safeText(of: value)
    }
    traceback = meta["traceback"]?.string
    // Of a task that has begun its result is who runs it.
    if state == "STARTED" { worker = worker ?? value["hostname"]?.string }
    retries = meta["retries"]?.int
    argumentsText = Self.text(meta["args"])
    keywordArgumentsText = Self.text(meta["kwargs"])
    parentID = meta["parent_id"]?.string
    groupID = meta["group_id"]?.string
    children = meta["children"]?.array?.count
  }

  private static func text(_ value: JSONValue?) -> String? {
    guard let value, !value.isNull else { return nil }
    return value.string ?? PythonRepr.safeText(of: value)
  }

  /// An exception's arguments, as it would print them.
  private static func text(ofArguments value: JSONValue) -> String? {
    guard let arguments = value.array else { return text(value) }
    guard !arguments.isEmpty else { return nil }
    return arguments.map { $0.string ?? PythonRepr.safeText(of: $0) }.joined(separator: ", ")
  }
}
