import CeleryProtocol

/// Writes queue elements as Celery 5.7 and kombu do.
package enum MessageEncoder {
  /// An element of a queue's list.
  package static func element(_ task: OutgoingTask) -> [UInt8] {
    EnvelopeWriter.envelope(
      body: [.array(task.arguments), .object(task.keywordArguments), callbacks(of: task)],
      headers: headers(of: task), properties: properties(of: task))
  }

  private static func callbacks(of task: OutgoingTask) -> JSONValue {
    ["callbacks": nil, "errbacks": nil, "chain": nil, "chord": task.chord]
  }

  private static func headers(of task: OutgoingTask) -> JSONValue {
    var members = [
      JSONMember("lang", "py"),
      JSONMember("task", .string(task.task)),
      JSONMember("id", .string(task.id)),
      JSONMember("shadow", nil),
      JSONMember("eta", .time(task.eta)),
      JSONMember("expires", .time(task.expires)),
      JSONMember("group", .text(task.group)),
      JSONMember("group_index", .whole(task.groupIndex)),
      JSONMember("retries", .whole(task.retries)),
      JSONMember("timelimit", [.whole(task.hardLimit), .whole(task.softLimit)]),
      JSONMember("root_id", .string(task.rootID)),
      JSONMember("parent_id", .text(task.parentID)),
      JSONMember("argsrepr", .string(task.argumentsRepr)),
      JSONMember("kwargsrepr", .string(task.keywordArgumentsRepr)),
      JSONMember("origin", .string(task.origin)),
      JSONMember("ignore_result", .bool(task.ignoresResult)),
      JSONMember("replaced_task_nesting", 0),
      JSONMember("stamped_headers", nil),
      JSONMember("stamps", [:]),
    ]
    if task.isRedelivered { members.append(JSONMember("redelivered", true)) }
    if task.isFromBeat { members.append(JSONMember("celery_beat_task", true)) }
    return .object(members)
  }

  private static func properties(of task: OutgoingTask) -> EnvelopeWriter.Properties {
    EnvelopeWriter.Properties(
      correlationID: task.id, replyTo: task.replyTo,
      // A worker that publishes a retry names the first publisher a second time.
      origin: task.retries > 0 ? task.origin : nil,
      expiration: task.expiresAfterMilliseconds.map(String.init), deliveryMode: 2,
      exchange: task.exchange, routingKey: task.queue, redelivered: task.isRedelivered,
      priority: task.priority, deliveryTag: task.deliveryTag)
  }
}
