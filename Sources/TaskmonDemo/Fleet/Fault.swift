import CeleryProtocol

/// What a task raised, as events and results tell it.
struct Fault: Sendable, Equatable {
  let type: String
  let message: String
  /// The line of the task's module that raised it.
  let source: String

  static let gatewayClosed = Fault(
    type: "ConnectionError", message: "gateway closed the connection",
    source: "response = gateway.post(payload, timeout=10)")
  static let badRecord = Fault(
    type: "ValueError", message: "unexpected currency in record",
    source: "amount = parse(record)")

  static let loopClosed = Fault(
    type: "RuntimeError", message: "Event loop is closed",
    source: "return loop.run_until_complete(client.get(url))")

  var repr: String { "\(type)(\(PythonRepr.text(of: JSONValue.string(message))))" }

  var result: JSONValue {
    ResultEncoder.exception(type: type, arguments: [.string(message)], module: "builtins")
  }

  /// Where the library is installed, as tracebacks of a real shop have it.
  private static let library = "/srv/venv/lib/python3.11/site-packages/celery/app"

  /// The frames of Celery itself around every task.
  private static let frames = """
    Traceback (most recent call last):
      File "\(library)/trace.py", line 564, in trace_task
        R = retval = fun(*args, **kwargs)
                     ^^^^^^^^^^^^^^^^^^^^
      File "\(library)/trace.py", line 883, in __protected_call__
        return self.run(*args, **kwargs)
               ^^^^^^^^^^^^^^^^^^^^^^^^^

    """

  /// The frame of the task and what it raised.
  private func origin(_ task: String) -> String {
    let module = task.split(separator: ".").first.map(String.init) ?? task
    let function = task.split(separator: ".").last.map(String.init) ?? task
    return """
        File "/srv/shop/\(module)/tasks.py", line 41, in \(function)
          \(source)
      \(type): \(message)

      """
  }

  /// What a worker says of a process of its pool that vanished, as the kernel's memory killer has
  /// it.
  static let lostProcess = "Worker exited prematurely: signal 9 (SIGKILL) Job: 80."

  static let lostProcessTraceback = """
    Traceback (most recent call last):
      File "/srv/venv/lib/python3.11/site-packages/billiard/pool.py", line 1367, in \
    mark_as_worker_lost
        raise WorkerLostError(
    billiard.exceptions.WorkerLostError: \(lostProcess)

    """

  func traceback(of task: String) -> String { Fault.frames + origin(task) }

  /// The traceback where `autoretry_for` caught it: the fault, and the retry it led to.
  func retryTraceback(of task: String, seconds: Int) -> String {
    """
    Traceback (most recent call last):
      File "\(Fault.library)/autoretry.py", line 38, in run
        return task._orig_run(*args, **kwargs)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    """ + origin(task) + """

      During handling of the above exception, another exception occurred:


      """ + Fault.frames + """
          File "\(Fault.library)/autoretry.py", line 60, in run
            ret = task.retry(exc=exc, **retry_kwargs_for_attempt)
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          File "\(Fault.library)/task.py", line 963, in retry
            raise ret
        celery.exceptions.Retry: Retry in \(seconds)s: \(repr)

        """
  }
}
