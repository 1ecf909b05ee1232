/// What an exception's class tells by itself of why an attempt failed.
///
/// Classes come without their modules, as events and results name them.
package enum ExceptionNature: UInt8, Sendable {
  /// Nothing that is asked for here.
  case ordinary
  /// The network, or a service behind it, was away for a moment.
  case transient
  /// The same, where the exception's text says so.
  case transientBySaying
  /// The same, where the traceback says that it is of a library of the network.
  case transientByModule
  /// An event loop was misused, where the exception's text says so.
  case loopFaultBySaying

  package init(className: String) {
    self =
      if TransientError.classes.contains(className) {
        .transient
      } else if TransientError.speakingClasses.contains(className) {
        .transientBySaying
      } else if TransientError.homes[className] != nil {
        .transientByModule
      } else if LoopFault.classes.contains(className) {
        .loopFaultBySaying
      } else {
        .ordinary
      }
  }
}

/// Errors of the network and of services behind it that pass by themselves: the one list of them.
package enum TransientError {
  /// Classes that always mean it, by the library that raises them.
  static let classes = Set([
    // Python, its sockets and http.client
    "ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "ConnectionAbortedError",
    "BrokenPipeError", "TimeoutError", "timeout", "gaierror", "herror", "RemoteDisconnected",
    "IncompleteRead",
    // requests and urllib3
    "ConnectTimeout", "ReadTimeout", "ChunkedEncodingError", "ProxyError", "MaxRetryError",
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError",
    // httpx and httpcore
    "ConnectError", "CloseError", "NetworkError", "WriteTimeout", "PoolTimeout",
    "RemoteProtocolError",
    // aiohttp
    "ClientConnectionError", "ClientConnectorError", "ClientConnectorDNSError", "ClientOSError",
    "ClientProxyConnectionError", "ClientPayloadError", "ServerConnectionError",
    "ServerDisconnectedError", "ServerTimeoutError", "ConnectionTimeoutError",
    "SocketTimeoutError",
    // redis, kombu and amqp
    "BusyLoadingError", "ClusterDownError", "MasterDownError", "MasterNotFoundError",
    "TryAgainError", "RecoverableConnectionError", "RecoverableChannelError", "ConnectionForced",
    // psycopg, Django and SQLAlchemy
    "AdminShutdown", "CannotConnectNow", "CrashShutdown", "DeadlockDetected", "DisconnectionError",
    "SerializationFailure", "TooManyConnections",
  ])

  /// Classes that other libraries have under the same name (tarfile, shutil, pymongo, tenacity,
  /// selenium, filelock), by the packages in which they mean it.
  static let homes: [String: Set<String>] = [
    "ReadError": ["httpx", "httpcore"], "WriteError": ["httpx", "httpcore"],
    "TimeoutException": ["httpx", "httpcore"], "RetryError": ["requests"],
    "Timeout": ["requests"],
  ]

  /// Classes that stand for other things too.
  static let speakingClasses = Set([
    "ClientResponseError", "HTTPError", "HTTPStatusError", "InterfaceError", "OSError",
    "OperationalError", "ProtocolError", "SSLError", "URLError",
  ])

  /// What the server is to blame for: the words of requests, httpx, urllib and aiohttp.
  private static let serverErrors: [StaticString] = [
    "Server Error", "Server error", "HTTPError 5", "HTTP Error 5", "status=5",
  ]

  private static let networkErrors: [StaticString] = [
    "Connection refused", "ConnectionRefused", "Connection reset", "ConnectionReset",
    "Connection aborted", "RemoteDisconnected", "timed out", "TimeoutError", "gaierror",
    "Name or service not known", "name resolution", "unreachable", "No route to host",
    "Broken pipe", "EOF occurred", "connection already closed", "connection is closed",
  ]

  /// What an operational error of a database says that no retry mends.
  private static let lasting: [StaticString] = [
    "no such ", "syntax error", "does not exist", "already exists", "denied",
    "authentication failed", "Unknown column", "Unknown database", "unrecognized token",
    "more than one row", "has no column named", "have a default value", "Incorrect ",
    "readonly database",
  ]

  /// Whether the text of one of `speakingClasses` means it; `text` is its repr or what it says.
  static func says(_ className: String, _ text: Span<UInt8>) -> Bool {
    switch className {
    case "HTTPError", "HTTPStatusError", "ClientResponseError":
      serverErrors.contains { text.holds($0) }
    case "OperationalError":
      !lasting.contains { text.holds($0) }
    default:
      networkErrors.contains { text.holds($0) }
    }
  }

  /// Whether an exception is one of these; `text` is its repr or what it says.
  package static func isMeant(by className: String, _ text: Span<UInt8>) -> Bool {
    switch ExceptionNature(className: className) {
    case .transient: true
    case .transientBySaying: says(className, text)
    case .ordinary, .loopFaultBySaying, .transientByModule: false
    }
  }

  /// Whether one of `homes` is of a package in which it means it, by the end of its traceback.
  package static func isMeant(by className: String, traceback: String) -> Bool {
    let module = FailureClass.module(of: className, traceback: traceback)
    guard let package = module?.split(separator: ".").first else { return false }
    return homes[className]?.contains(String(package)) ?? false
  }
}

/// How a task misused an event loop, as its exception says.
package enum LoopFault: String, Sendable, CaseIterable {
  case closed = "event loop is closed"
  case different = "attached to a different loop"
  case running = "asyncio.run() inside a running loop"
  case missing = "no current event loop"
  case coroutine = "a coroutine was never awaited"

  /// Classes whose text may tell of one.
  static let classes: Set = [
    "AttributeError", "EncodeError", "PicklingError", "RuntimeError", "RuntimeWarning",
    "TypeError",
  ]

  /// What is said of each, by Python, asgiref and the serializers.
  private var phrases: [StaticString] {
    switch self {
    case .closed: ["Event loop is closed"]
    case .different: ["attached to a different loop", "is bound to a different event loop"]
    case .running:
      [
        "cannot be called from a running event loop", "This event loop is already running",
        "while another loop is running", "in the same thread as an async event loop",
      ]
    case .missing: ["no current event loop", "no running event loop"]
    case .coroutine:
      [
        "type coroutine is not JSON serializable", "pickle 'coroutine'",
        "pickle \\'coroutine\\'", "was never awaited", "'coroutine' object",
        "\\'coroutine\\' object",
      ]
    }
  }

  /// Nil where the exception tells of none; `text` is its repr or what it says.
  package init?(className: String, _ text: Span<UInt8>) {
    guard Self.classes.contains(className), let fault = Self.said(in: text) else { return nil }
    self = fault
  }

  /// Nil where the text of one of the classes tells of none.
  package static func said(in text: Span<UInt8>) -> LoopFault? {
    for fault in allCases {
      for phrase in fault.phrases where text.holds(phrase) { return fault }
    }
    return nil
  }
}
