package import TaskmonUnits

/// What headers and properties of one queued message say.
///
/// The body is read only in protocol 1, which has everything there, and only up to 4 KiB of JSON.
package struct TaskMessage: Sendable, Equatable {
  package var taskID: String?
  package var task: String?
  package var deliveryTag: String?
  /// As published, 0 (most urgent) to 9; nil where the message names none.
  package var priority: Int?
  package var retries: Int?
  package var eta: Timestamp?
  package var expires: Timestamp?
  /// `gen<pid>@<host>`; absent in protocol 1.
  package var origin: String?
  package var replyTo: String?
  package var redelivered = false
  /// Nil: the publisher knew none; the worker may.
  package var hardLimit: Seconds?
  package var softLimit: Seconds?
  package var argumentsRepr: String?
  package var keywordArgumentsRepr: String?
  /// Empty for the default exchange.
  package var exchange: String?
  package var routingKey: String?
  package var rootID: String?
  package var parentID: String?
  package var groupID: String?
  /// Beat of Celery 5.7 and later says so; false proves nothing.
  package var isFromBeat = false
  /// django-celery-beat's name of the entry.
  package var periodicTaskName: String?
  package var contentType: String?
  package var contentEncoding: String?
  package var compression: String?
  /// The size of the element.
  package var size = ByteCount.zero

  package init() {}
}

/// A value of the hash `unacked`: a message and where it came from.
package struct UnackedEntry: Sendable, Equatable {
  package var message: TaskMessage
  package var exchange: String
  package var routingKey: String

  package init(message: TaskMessage, exchange: String, routingKey: String) {
    self.message = message
    self.exchange = exchange
    self.routingKey = routingKey
  }
}
