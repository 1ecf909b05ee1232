package import CeleryProtocol
package import TaskmonUnits

/// Everything a publisher puts into one message.
package struct OutgoingTask: Sendable, Equatable {
  package var id: String
  package var task: String
  package var arguments: [JSONValue]
  package var keywordArguments: [JSONMember]
  /// Beat hands arguments over as a list, which shows in their repr: `[1]` and not `(1,)`.
  package var argumentsAreList: Bool
  package var queue: String
  /// What it was published to; empty for the nameless exchange, which leads to the queue.
  package var exchange = ""
  /// Whether Redis has handed it out before.
  package var isRedelivered = false
  /// Of a group or a chord, and its place in it.
  package var group: String?
  package var groupIndex: Int?
  /// The signature of what runs when all parts of the chord are done; null for no chord.
  package var chord = JSONValue.null
  /// 0 (most urgent) to 9.
  package var priority: Int
  package var retries: Int
  package var eta: Timestamp?
  package var expires: Timestamp?
  /// How long the publisher let the message live; goes with `expires`.
  package var expiresAfterMilliseconds: Int?
  /// In whole seconds, as the task's definition has them; nil for none.
  package var hardLimit: Int?
  package var softLimit: Int?
  /// `gen<pid>@<host>` of the first publisher.
  package var origin: String
  /// Constant per publishing process and thread.
  package var replyTo: String
  package var rootID: String
  package var parentID: String?
  package var ignoresResult: Bool
  package var isFromBeat: Bool
  package var deliveryTag: String

  package init(
    id: String, task: String, arguments: [JSONValue], keywordArguments: [JSONMember] = [],
    argumentsAreList: Bool = false, queue: String, priority: Int = 0, retries: Int = 0,
    eta: Timestamp? = nil, expires: Timestamp? = nil, expiresAfterMilliseconds: Int? = nil,
    hardLimit: Int? = nil, softLimit: Int? = nil, origin: String, replyTo: String,
    parentID: String? = nil, ignoresResult: Bool = false, isFromBeat: Bool = false,
    deliveryTag: String
  ) {
    self.id = id
    self.task = task
    self.arguments = arguments
    self.keywordArguments = keywordArguments
    self.argumentsAreList = argumentsAreList
    self.queue = queue
    self.priority = priority
    self.retries = retries
    self.eta = eta
    self.expires = expires
    self.expiresAfterMilliseconds = expiresAfterMilliseconds
    self.hardLimit = hardLimit
    self.softLimit = softLimit
    self.origin = origin
    self.replyTo = replyTo
    self.rootID = id
    self.parentID = parentID
    self.ignoresResult = ignoresResult
    self.isFromBeat = isFromBeat
    self.deliveryTag = deliveryTag
  }

  /// As `headers.argsrepr` and events have them: a tuple, or beat's list.
  package var argumentsRepr: String {
    let list = PythonRepr.text(of: .array(arguments))
    guard !argumentsAreList else { return cut(list) }
    let inner = list.dropFirst().dropLast()
    return cut(arguments.count == 1 ? "(\(inner),)" : "(\(inner))")
  }

  package var keywordArgumentsRepr: String {
    cut(PythonRepr.text(of: .object(keywordArguments)))
  }

  /// Celery cuts reprs at 1024 characters, and closes a text that it cut.
  private func cut(_ text: String) -> String {
    guard text.utf8.count > 1024 else { return text }
    return text.hasPrefix("('") ? "\(text.prefix(1025))...', ...)" : "\(text.prefix(1021))..."
  }
}
