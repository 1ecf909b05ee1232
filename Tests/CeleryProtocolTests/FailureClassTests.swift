import CeleryProtocol
import Testing

struct FailureClassTests {
  @Test(
    "the class is told by the repr, else by the traceback's end",
    arguments: [
      ("ValueError('boom')", nil, "ValueError"),
      ("KeyError('flaky')", "Traceback\ncelery.exceptions.Retry: Retry in 1s", "KeyError"),
      ("a.b.MyErr('x', {'k': 1})", nil, "MyErr"),
      (
        "ExceptionWithTraceback()",
        "Traceback\n  File\nbilliard.exceptions.WorkerLostError: Worker\n",
        "WorkerLostError"
      ),
      (
        "ExceptionWithTraceback()",
        "billiard.exceptions.TimeLimitExceeded: TimeLimitExceeded(2,)", "TimeLimitExceeded"
      ), ("ExceptionWithTraceback()", nil, nil),
      (
        "reject requeue=False: nope", "x\ncelery.exceptions.Reject: ('nope', False)\n", "Reject"
      ), ("reject requeue=False: nope", nil, nil),
      (nil, "Traceback\nKeyboardInterrupt\n", "KeyboardInterrupt"),
      (nil, "Traceback (most recent call last):\n  File \"x\"\n    raise\n", nil),
      (nil, "ValueError: first\nand a second line\n", "ValueError"),
      ("Größenfehler('x')", nil, "Größenfehler"), ("<MyErr 7>", nil, nil), ("", "", nil),
      ("(1)", nil, nil), ("7x(1)", nil, nil), (nil, nil, nil),
    ] as [(String?, String?, String?)])
  func namesClass(_ exception: String?, _ traceback: String?, _ expected: String?) {
    #expect(FailureClass.name(exception: exception, traceback: traceback) == expected)
  }
}
