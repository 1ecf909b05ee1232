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

  var repr: String { "\(type)(\(PythonRepr.text(of: JSONValue.string(message))))" }

  var result: JSONValue {
    ResultEncoder.exception(type: type, arguments: [.string(message)], module: "builtins")
  }

  func traceback(of task: String) -> String {
    let module = task.split(separator: ".").first.map(String.init) ?? task
    let function = task.split(separator: ".").last.map(String.init) ?? task
    let library = "/srv/venv/lib/python3.11/site-packages/celery/app/trace.py"
    return """
      Traceback (most recent call last):
        File "\(library)", line 564, in trace_task
          R = retval = fun(*args, **kwargs)
                       ^^^^^^^^^^^^^^^^^^^^
        File "\(library)", line 883, in __protected_call__
          return self.run(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^^^^^^
        File "/srv/shop/\(module)/tasks.py", line 41, in \(function)
          \(source)
      \(type): \(message)

      """
  }
}
