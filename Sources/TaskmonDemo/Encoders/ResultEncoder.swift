package import CeleryProtocol
package import TaskmonUnits

/// Writes result metas as Celery's Redis backend does.
package enum ResultEncoder {
  package struct Meta: Sendable, Equatable {
    package var status: String
    package var result: JSONValue
    package var traceback: String?
    /// Ids of the tasks it published: its own where it is to be tried again.
    package var children: [String]
    /// When the task ended; nil while it has not, a retry to come included.
    package var doneAt: Timestamp?
    package var parentID: String?
    /// What `result_extended` adds; nil without that setting.
    package var extended: Extended?
    package var taskID: String

    package init(
      status: String, result: JSONValue, traceback: String? = nil, children: [String] = [],
      doneAt: Timestamp?, parentID: String? = nil, extended: Extended? = nil, taskID: String
    ) {
      self.status = status
      self.result = result
      self.traceback = traceback
      self.children = children
      self.doneAt = doneAt
      self.parentID = parentID
      self.extended = extended
      self.taskID = taskID
    }
  }

  package struct Extended: Sendable, Equatable {
    package var name: String
    package var arguments: [JSONValue]
    package var keywordArguments: [JSONMember]
    package var worker: String
    package var retries: Int
    package var queue: String

    package init(
      name: String, arguments: [JSONValue], keywordArguments: [JSONMember], worker: String,
      retries: Int, queue: String
    ) {
      self.name = name
      self.arguments = arguments
      self.keywordArguments = keywordArguments
      self.worker = worker
      self.retries = retries
      self.queue = queue
    }
  }

  /// The value of the result's key, which is also published under its name.
  package static func value(_ meta: Meta) -> [UInt8] {
    var members = [
      JSONMember("status", .string(meta.status)),
      JSONMember("result", meta.result),
      JSONMember("traceback", .text(meta.traceback)),
      JSONMember("children", .array(meta.children.map { [[.string($0), nil], nil] })),
      JSONMember("date_done", .time(meta.doneAt)),
    ]
    if let parent = meta.parentID { members.append(JSONMember("parent_id", .string(parent))) }
    if let extended = meta.extended {
      members += [
        JSONMember("name", .string(extended.name)),
        JSONMember("args", .array(extended.arguments)),
        JSONMember("kwargs", .object(extended.keywordArguments)),
        JSONMember("worker", .string(extended.worker)),
        JSONMember("retries", .whole(extended.retries)),
        JSONMember("queue", .string(extended.queue)),
      ]
    }
    members.append(JSONMember("task_id", .string(meta.taskID)))
    return JSONWriter.bytes(of: .object(members))
  }

  /// What stands in `result` where a task raised.
  package static func exception(
    type: String, arguments: [JSONValue], module: String
  ) -> JSONValue {
    ["exc_type": .string(type), "exc_message": .array(arguments), "exc_module": .string(module)]
  }
}
