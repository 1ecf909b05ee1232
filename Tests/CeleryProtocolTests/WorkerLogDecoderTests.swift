import CeleryProtocol
import Testing

private let time = "2026-11-22 08:08:44,132"
private let id = "8bd69b32-4bb0-4be1-a00a-52d0bd93fd42"
private let printed = WorkerLogLine(level: "WARNING", process: "ForkPoolWorker-2")
private let certain = WorkerLogLine(
  level: "WARNING", process: "ForkPoolWorker-2", logger: .redirected)
private let nowhere = WorkerLogLine(level: "WARNING", logger: .redirected)

private let printTable: [(String, WorkerLogLine)] = [
  ("[\(time): WARNING/ForkPoolWorker-2] hello from print", printed),
  ("[\(time): WARNING/ForkPoolWorker-2]  ", printed),
  ("[\(time): WARNING/ForkPoolWorker-2]", printed),
  ("\u{1B}[1;33m[\(time): WARNING/ForkPoolWorker-2] hello\u{1B}[0m\r", printed),
  ("[22/Nov/2026 08:08: WARNING/ForkPoolWorker-2] hello", printed),
  ("Nov 22 08:08:44 web1 celery[812]: [\(time): WARNING/ForkPoolWorker-2] hello", printed),
  ("2026-11-22T08:08:44.1Z stderr F [\(time): WARNING/ForkPoolWorker-2] hello", printed),
  (
    #"{"log":"[\#(time): WARNING/ForkPoolWorker-2] hello\n","stream":"stderr","time":"x"}"#,
    printed
  ),
  ("[\(time): WARNING/ForkPoolWorker-2] celery.redirected: hello", certain),
  ("[\(time): WARNING/ForkPoolWorker-2/celery.redirected] hello", certain),
  (
    #"{"level": "warning", "process": "ForkPoolWorker-2", "name": "celery.redirected"}"#,
    certain
  ),
  (
    #"{"levelname": "WARNING", "processName": "ForkPoolWorker-2", "#
      + #""name": "celery.redirected", "message": "broken"#, certain
  ),
  ("level=warning process=ForkPoolWorker-2 logger=celery.redirected msg=\"a b\"", certain),
  ("2026-11-22 08:08:44,1 ForkPoolWorker-2 WARNING celery.redirected | hello", certain),
  ("2026-11-22 08:08:44,1 celery.redirected    WARNING  hello", nowhere),
  ("WARNING:celery.redirected:hello", nowhere),
]

private let mentionTable: [String] = [
  "[\(time): INFO/ForkPoolWorker-2] shop.pay[\(id)]: {'name': 'celery.redirected'}",
  "[\(time): INFO/ForkPoolWorker-2] set celery.redirected: on",
  "2026-11-22 08:08:44,1 shop INFO done: {'name': 'celery.redirected'}",
  "level=info logger=shop msg=\"logger=celery.redirected\"",
  #"{"level": "INFO", "name": "shop", "message": "celery.redirected"}"#,
]

private let contentTable: [(String, WorkerLogLine.Content)] = [
  ("MainProcess] Task a.b[\(id)] received", .received(task: "a.b", id: id)),
  ("ForkPoolWorker-1] Task a.b[\(id)] succeeded in 0.1s: 3", .ended(task: "a.b", id: id)),
  ("ForkPoolWorker-1] Task a.b[x:1] retry: Retry in 0s: E()", .ended(task: "a.b", id: "x:1")),
  ("ForkPoolWorker-1] Task a.b[\(id)] raised unexpected: E('", .ended(task: "a.b", id: id)),
  ("ForkPoolWorker-1] a.b[\(id)]: hello", .ofTask("a.b", id: id)),
  ("ForkPoolWorker-1] ???[???]: hello", .ofTask("???", id: "???")),
  ("MainProcess] celery@web1 ready.", .ready(node: "celery@web1")),
  ("MainProcess] we are ready.", .other),
  ("MainProcess] mingle: all alone", .own),
  ("ForkPoolWorker-1] /srv/a.py:12: DeprecationWarning: old", .own),
  ("ForkPoolWorker-1] --- Logging error ---", .fault),
  ("ForkPoolWorker-1] Task force assembled", .other),
  ("ForkPoolWorker-1] Task a b[c] received", .other),
]

@Suite("Lines of workers' logs")
struct WorkerLogDecoderTests {
  private static func decoded(_ line: String, namesLoggers: Bool? = nil) -> WorkerLogLine? {
    var decoder = WorkerLogDecoder(namesLoggers: namesLoggers)
    return decoder.decode(Array(line.utf8)[...])
  }

  /// Without the time, which is not the point.
  private static func told(_ line: String, namesLoggers: Bool? = nil) -> WorkerLogLine? {
    var line = decoded(line, namesLoggers: namesLoggers)
    line?.time = nil
    return line
  }

  @Test(
    "a print, in the formats there are",
    arguments: printTable)
  func prints(_ line: String, _ wanted: WorkerLogLine) {
    #expect(Self.told(line) == wanted)
  }

  @Test(
    "a message that speaks of the logger was not written by it",
    arguments: mentionTable)
  func mentions(_ line: String) {
    #expect(Self.decoded(line)?.logger != .redirected)
  }

  @Test(
    "what Celery, tasks and Python say is told from what is printed",
    arguments: contentTable)
  func contents(_ line: String, _ wanted: WorkerLogLine.Content) {
    #expect(Self.decoded("[\(time): INFO/\(line)")?.content == wanted)
    let named = line.replacing("] ", with: "] celery.worker.strategy: ", maxReplacements: 1)
    #expect(Self.decoded("[\(time): INFO/\(named)")?.content == wanted)
  }

  @Test(
    "what begins no record is told from what does",
    arguments: [
      "", " ", "Traceback (most recent call last):", "  File \"/srv/a.py\", line 3, in pay",
      "ValueError: not", "the report", "[1, 2, 3]", "{'a': 1}", "{\"a\": 1}",
      " -------------- celery@web1 v5.7.0 (dawn-chorus)", "[tasks]", "[: /] x", "[[[[[[[[[[[",
      "\u{1B}[", "\u{1B}", "=x", "-",
    ])
  func continuations(_ line: String) {
    #expect(Self.decoded(line) == nil)
  }

  @Test("a name in front of a message is a logger's where the format names them, and may be else")
  func namesBeforeMessages() {
    let line = "[\(time): WARNING/ForkPoolWorker-2] total: 5"
    let plain = "[\(time): WARNING/ForkPoolWorker-2] hello"
    #expect(Self.decoded(line)?.logger == .named)
    #expect(Self.decoded(line, namesLoggers: true)?.logger == .named)
    #expect(Self.decoded(line, namesLoggers: false)?.logger == .unnamed)
    #expect(Self.decoded(plain)?.logger == .unnamed)
    #expect(Self.decoded(plain, namesLoggers: true)?.logger == .named)
  }

  @Test("Celery's own lines teach whether the format names loggers")
  func learns() {
    let header = "[\(time): INFO/MainProcess] "
    var decoder = WorkerLogDecoder()
    func read(_ line: String) { _ = decoder.decode(Array(line.utf8)[...]) }
    read(header + "hello")
    #expect(decoder.namesLoggers == nil)
    read(header + "Task a.b[\(id)] received")
    #expect(decoder.namesLoggers == false)
    read(header + "celery.redirected: a print may say so, and is no logger's name")
    read(header + "a.b[\(id)]: of a task")
    read(header + "celery.worker.strategy: Task a.b[\(id)] received")
    #expect(decoder.namesLoggers == true)
  }

  @Test("the time is taken as the writer wrote it")
  func writersTime() {
    let line = "[1970-01-02 00:00:01,500: INFO/MainProcess] x"
    #expect(Self.decoded(line)?.time == 86401)
    #expect(Self.decoded("[yesterday: INFO/MainProcess] x")?.time == nil)
  }

  @Test("bytes that are no text break nothing, and nothing hostile becomes a name")
  func hostile() {
    var decoder = WorkerLogDecoder()
    let front = Array("[\(time): INFO/MainProcess] Task ".utf8)
    let bad: [[UInt8]] = [
      front + [0xFF, 0xFE, 0x5B] + Array("id] received".utf8),
      front + Array("a\u{1}b[id] received".utf8), front + Array("a\u{202E}b[id] received".utf8),
      front + Array("\(String(repeating: "a", count: 300))[id] received".utf8),
      front + Array("[] received".utf8), front + Array("a[] received".utf8),
    ]
    for line in bad { #expect(decoder.decode(line[...])?.content == .other) }
    #expect(decoder.decode([0x5B, 0xC3, 0x28, 0x5D][...]) == nil)
    let nul = Array("[\(time): INFO/Main\u{0}Process] x".utf8)
    #expect(decoder.decode(nul[...])?.process != "Main\u{0}Process")
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var line = Array("[\(time): WARNING/ForkPoolWorker-2] a.b[\(id)]: {\"x\"".utf8)
      for _ in 0..<4 {
        line[Int.random(in: 0..<line.count, using: &generator)] =
          UInt8.random(in: 0...255, using: &generator)
      }
      _ = decoder.decode(line.prefix(Int.random(in: 0...line.count, using: &generator)))
    }
  }
}
