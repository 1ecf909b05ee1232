import RedisClient
import TaskmonHealth
import TaskmonUnits

/// The judgement of a daemon that is running, asked over HTTP: one GET, one answer, the end.
struct RemoteHealth {
  var url: ServeURL
  var timeout: Seconds

  /// No judgement is longer.
  private static let limit = 16 << 20
  /// A daemon that has not judged for so long hangs, and what it says is no longer true.
  static let oldest = Seconds.minutes(5)

  func fetch() throws(CommandFailure) -> HealthDocument {
    let answer = try get()
    guard answer.status == 200 else {
      let reason = String(decoding: answer.body.prefix(200), as: UTF8.self)
      throw failure("it answered \(answer.status): \(reason.visibleLine)")
    }
    let document: HealthDocument
    do {
      document = try HealthDocument(json: String(decoding: answer.body, as: UTF8.self))
    } catch {
      throw failure(error.sentence)
    }
    let age = SystemClock.source.now() - document.takenAt
    guard age <= Self.oldest else {
      throw failure("its judgement is \(age.text) old; it hangs, or the clocks differ")
    }
    return document
  }

  private func get() throws(CommandFailure) -> HTTPAnswer {
    let deadline = Deadline(in: timeout, on: SystemClock.source)
    var bytes: [UInt8] = []
    do {
      let transport = try FileDescriptorTransport.connect(
        to: .tcp(host: url.host, port: url.port), until: deadline)
      try transport.write(Array(request.utf8), until: deadline)
      try read(from: transport, until: deadline, into: &bytes)
    } catch {
      throw failure(Self.words(for: error, timeout))
    }
    guard bytes.count <= Self.limit else { throw failure("its answer is larger than 16 MiB") }
    guard let answer = HTTPAnswer(bytes) else {
      throw failure("its answer is no whole HTTP answer")
    }
    return answer
  }

  private var request: String {
    let host = url.host.contains(":") ? "[\(url.host)]" : url.host
    return "GET \(url.path) HTTP/1.1\r\nHost: \(host):\(url.port)\r\n"
      + "User-Agent: taskmon/\(Version.text)\r\nAccept: application/json\r\n"
      + "Connection: close\r\n\r\n"
  }

  /// Until the server closes, or there is too much.
  private func read(
    from transport: FileDescriptorTransport, until deadline: Deadline, into bytes: inout [UInt8]
  ) throws(TransportError) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= Self.limit {
      do {
        let count = try Self.receive(&chunk, from: transport, until: deadline)
        bytes += chunk.prefix(count)
      } catch .closedByPeer {
        return
      }
    }
  }

  private static func receive(
    _ chunk: inout [UInt8], from transport: FileDescriptorTransport, until deadline: Deadline
  ) throws(TransportError) -> Int {
    let result = chunk.withUnsafeMutableBytes { buffer in
      Result { () throws(TransportError) in try transport.read(into: buffer, until: deadline) }
    }
    return try result.get()
  }

  private func failure(_ why: String) -> CommandFailure {
    CommandFailure("\(url.text): \(why)", code: 3)
  }

  private static func words(for error: TransportError, _ timeout: Seconds) -> String {
    switch error {
    case .refused: "nobody listens there; is `taskmon serve` running?"
    case .nameResolution(let reason): "the host name cannot be resolved (\(reason))"
    case .timedOut: "no answer within \(timeout.text)"
    case .closedByPeer: "it closed the connection"
    case .system(let call, let code): "\(call) failed with error \(code)"
    case .interrupted, .tls: "it cannot be reached"
    }
  }
}

extension String {
  /// One line without control characters.
  fileprivate var visibleLine: String {
    String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
  }
}
