import CeleryProtocol
import Testing

@Suite struct ExceptionNatureTests {
  private static func isTransient(_ exception: String) -> Bool {
    let bytes = Array(exception.utf8)
    let name = FailureClass.name(exception: exception, traceback: nil) ?? ""
    return TransientError.isMeant(by: name, bytes.span)
  }

  @Test(arguments: [
    "ConnectionError('down')", "ConnectionRefusedError(111, 'Connection refused')",
    "gaierror(-2, 'Name or service not known')", "timeout('timed out')", "TimeoutError()",
    "URLError(ConnectionRefusedError(111, 'Connection refused'))",
    "URLError(gaierror(-3, 'Temporary failure in name resolution'))",
    "OSError(113, 'No route to host')", "OSError(101, 'Network is unreachable')",
    "HTTPError('503 Server Error: Service Unavailable for url: http://x/')",
    "HTTPStatusError(\"Server error '502 Bad Gateway' for url 'http://x/'\")",
    "ClientResponseError(RequestInfo(url=URL('http://x/')), (), status=503, message='no')",
    "ReadTimeout(ReadTimeoutError(\"HTTPConnectionPool(host='x', port=80): Read timed out.\"))",
    "ConnectError('All connection attempts failed')", "ServerDisconnectedError()",
    "OperationalError('connection to server at \"db\", port 5432 failed: Connection refused')",
    "OperationalError(2006, 'MySQL server has gone away')",
    "OperationalError(\"Error 111 connecting to redis:6379. Connection refused.\")",
    "InterfaceError('connection already closed')", "RecoverableConnectionError('lost')",
    "redis.exceptions.BusyLoadingError('Redis is loading the dataset in memory')",
  ])
  func errorsOfTheNetworkPassByThemselves(_ exception: String) {
    #expect(Self.isTransient(exception))
  }

  @Test(arguments: [
    "ValueError('timed out')", "KeyError('ConnectionError')", "URLError('unknown url type: x')",
    "OSError(2, 'No such file or directory')", "OSError(28, 'No space left on device')",
    "HTTPError('404 Client Error: Not Found for url: http://x/')",
    "HTTPStatusError(\"Client error '422 Unprocessable' for url 'http://x/'\")",
    "ClientResponseError(RequestInfo(url=URL('http://x/')), (), status=404, message='no')",
    "OperationalError('no such table: orders')", "OperationalError(1045, 'Access denied for u')",
    "OperationalError('table orders has no column named total')",
    "OperationalError(1364, \"Field 'total' doesn't have a default value\")",
    "OperationalError(1366, \"Incorrect integer value: 'x' for column 'total' at row 1\")",
    "OperationalError('attempt to write a readonly database')",
    "ReadError('not a gzip file')", "RetryError(<Future at 0x7f state=finished>)",
    "InterfaceError('Error binding parameter 0')", "SSLError('certificate verify failed')",
    "SoftTimeLimitExceeded()", "WorkerLostError('signal 9')",
    "RuntimeError('Event loop is closed')",
  ])
  func othersDoNot(_ exception: String) {
    #expect(!Self.isTransient(exception))
  }

  @Test(
    arguments: [
      ("RuntimeError('Event loop is closed')", .closed),
      (
        "RuntimeError(\"Task <Task pending name='T'> got Future <Future pending> attached to a"
          + " different loop\")", .different
      ),
      ("RuntimeError('<asyncio.locks.Lock> is bound to a different event loop')", .different),
      ("RuntimeError('asyncio.run() cannot be called from a running event loop')", .running),
      ("RuntimeError('This event loop is already running')", .running),
      ("RuntimeError(\"There is no current event loop in thread 'Thread-1'.\")", .missing),
      ("RuntimeError('no running event loop')", .missing),
      (
        "EncodeError(TypeError('Object of type coroutine is not JSON serializable'))", .coroutine
      ),
      ("TypeError('Object of type coroutine is not JSON serializable')", .coroutine),
      ("TypeError(\"cannot pickle 'coroutine' object\")", .coroutine),
      ("RuntimeWarning(\"coroutine 'fetch' was never awaited\")", .coroutine),
      ("AttributeError(\"'coroutine' object has no attribute 'json'\")", .coroutine),
      ("RuntimeError('loop')", nil), ("TypeError('unhashable type')", nil),
      ("EncodeError(TypeError('Object of type object is not JSON serializable'))", nil),
      ("ValueError('Event loop is closed')", nil), ("httpx.ConnectError('x')", nil),
    ] as [(String, LoopFault?)])
  func aMisusedLoopIsToldByWhatIsSaid(_ exception: String, _ fault: LoopFault?) {
    let bytes = Array(exception.utf8)
    let name = FailureClass.name(exception: exception, traceback: nil) ?? ""
    let found = LoopFault(className: name, bytes.span)
    #expect(found == fault)
  }

  @Test(arguments: [
    ("ReadError", "httpx.ReadError: ", true), ("ReadError", "httpcore.ReadError", true),
    ("ReadError", "tarfile.ReadError: not a gzip file", false),
    ("ReadError", "shutil.ReadError: unknown archive format", false),
    ("WriteError", "pymongo.errors.WriteError: E11000", false),
    ("RetryError", "requests.exceptions.RetryError: too many 503 error responses", true),
    ("RetryError", "tenacity.RetryError: RetryError[<Future at 0x7f>]", false),
    ("Timeout", "requests.exceptions.Timeout: slow\nrequests.exceptions.Wrong: no", true),
    ("Timeout", "filelock._error.Timeout: The file lock could not be acquired.", false),
    ("Timeout", "Timeout: no module", false), ("ReadError", "", false),
    ("ValueError", "httpx.ValueError: x", false),
  ])
  func ofANameThatManyUseTheTracebackTellsTheLibrary(
    _ name: String, _ end: String, _ isMeant: Bool
  ) {
    let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in b\n\(end)\n"
    #expect(TransientError.isMeant(by: name, traceback: traceback) == isMeant)
  }

  @Test func theNatureOfAClassSaysWhetherItsTextIsAsked() {
    #expect(ExceptionNature(className: "ReadTimeout") == .transient)
    #expect(ExceptionNature(className: "OSError") == .transientBySaying)
    #expect(ExceptionNature(className: "RetryError") == .transientByModule)
    #expect(ExceptionNature(className: "RuntimeError") == .loopFaultBySaying)
    #expect(ExceptionNature(className: "ValueError") == .ordinary)
  }

  @Test func anEmptyTextSaysNothing() {
    let none: [UInt8] = []
    let isTransient = TransientError.isMeant(by: "HTTPError", none.span)
    let fault = LoopFault.said(in: none.span)
    #expect(!isTransient && fault == nil)
  }
}
