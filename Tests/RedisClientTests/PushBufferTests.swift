import Testing

@testable import RedisClient

/// Published messages found where they were read.
struct PushBufferTests {
  private let stream =
    "*3\r\n$10\r\npsubscribe\r\n$3\r\na.*\r\n:1\r\n+PONG\r\n"
    + "*4\r\n$8\r\npmessage\r\n$3\r\na.*\r\n$3\r\na.b\r\n$5\r\n\r\n\0*$\r\n"
    + "*2\r\n$4\r\npong\r\n$0\r\n\r\n:17\r\n$-1\r\n*-1\r\n*0\r\n"
    + "*4\r\n$8\r\npmessage\r\n$3\r\na.*\r\n$2\r\na.\r\n$0\r\n\r\n-ERR no\r\n"
  private let found = [
    "confirmed", "pong", "a.b=\r\n\0*$", "pong", "other", "other", "other", "other", "a.=",
    "error ERR no",
  ]

  @Test("whatever the pieces, the replies are the same", arguments: [1, 2, 3, 7, 64, 1000])
  func pieces(_ size: Int) throws {
    var buffer = PushBuffer(.standard, size: 64)
    var said: [String] = []
    var rest = Array(stream.utf8)[...]
    while !rest.isEmpty {
      try feed(&buffer, &rest, atMost: size)
      said += try drain(&buffer)
    }
    #expect(said == found)
  }

  @Test("a message far larger than the memory arrives whole, and smaller ones after it")
  func grows() throws {
    var buffer = PushBuffer(.standard, size: 64)
    let payload = String(repeating: "x", count: 3_000_000)
    let message = { (text: String) in
      "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$\(text.utf8.count)\r\n\(text)\r\n"
    }
    var rest = Array((message(payload) + message("y") + message("")).utf8)[...]
    var said: [String] = []
    while !rest.isEmpty {
      try feed(&buffer, &rest, atMost: .max)
      said += try drain(&buffer)
    }
    #expect(said == ["c=\(payload)", "c=y", "c="])
  }

  @Test(
    "what is too much or no reply is refused before it is waited for",
    arguments: [
      ("*4\r\n$8\r\npmessage\r\n$99\r\n", ReplyGuard.Refusal.bulk(99)),
      ("*99\r\n", .array(99)), ("*1\r\n*1\r\n", .nesting), ("*1x\r\n", .length),
      ("$99999999999999999999\r\n", .length),
      ("HTTP/1.1 400\r\n", .notRedis(Array("HTTP/1.1 400\r\n".utf8))),
    ])
  func refuses(_ text: String, _ refusal: ReplyGuard.Refusal) throws {
    var buffer = PushBuffer(RedisLimits(bulkBytes: 50, arrayElements: 50), size: 64)
    var rest = Array(text.utf8)[...]
    try feed(&buffer, &rest, atMost: .max)
    #expect(throws: ReplyReader.Failure.refused(refusal)) { _ = try drain(&buffer) }
  }

  @Test("a string longer than it said is malformed, an endless line is refused")
  func malformed() throws {
    var buffer = PushBuffer(.standard, size: 64)
    var rest = Array("$1\r\nabc\r\n".utf8)[...]
    try feed(&buffer, &rest, atMost: .max)
    #expect(throws: ReplyReader.Failure.self) { _ = try drain(&buffer) }
    var endless = PushBuffer(.standard, size: 1 << 18)
    rest = ([UInt8(ascii: "+")] + [UInt8](repeating: 65, count: 100_000))[...]
    try feed(&endless, &rest, atMost: .max)
    #expect(throws: ReplyReader.Failure.refused(.line)) { _ = try drain(&endless) }
  }

  private func feed(
    _ buffer: inout PushBuffer, _ rest: inout ArraySlice<UInt8>, atMost size: Int
  ) throws {
    var taken = 0
    try buffer.fill { (memory) throws(SessionFailure) in
      taken = min(size, rest.count, memory.count)
      memory.copyBytes(from: rest.prefix(taken))
      return taken
    }
    rest = rest.dropFirst(taken)
  }

  private func drain(_ buffer: inout PushBuffer) throws -> [String] {
    var said: [String] = []
    while let push = try buffer.next() {
      switch push {
      case .confirmed: said.append("confirmed")
      case .pong: said.append("pong")
      case .other: said.append("other")
      case .error(let error): said.append("error \(error.message)")
      case .message(let place):
        let message = buffer.withBytes { SubscriptionMessage(place, $0) }
        said.append(
          String(decoding: message.channel, as: UTF8.self) + "="
            + String(decoding: message.payload, as: UTF8.self))
      }
    }
    return said
  }
}
