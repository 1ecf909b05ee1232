package import TaskmonUnits

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A redis-server of our own: one unix socket in a folder only we may enter, nothing on disk.
///
/// Gone with its folder when `stop` is called, when the value goes, and when the process ends in
/// whatever way, kill -9 included (`Guardian`).
package final class DemoServer: Sendable {
  /// The private folder, mode 0700.
  package let folder: String
  private let guardian: Guardian
  private let ending = Ending()

  package var socketPath: String { "\(folder)/redis.sock" }
  /// As Celery writes the address of a unix socket.
  package var url: String { "redis+socket://\(socketPath)?virtual_host=0" }

  /// Finds redis-server and starts it; the socket answers when this returns.
  ///
  /// `searchPath` is what `PATH` holds, `temporary` what `TMPDIR` holds; both may be nil.
  package static func start(
    searchPath: String?, temporary: String?, time: TimeSource
  ) async throws -> DemoServer {
    guard let program = findProgram(searchPath: searchPath) else {
      throw DemoError.serverNotInstalled
    }
    let server = try DemoServer(program: program, folder: makeFolder(in: temporary))
    do {
      try await server.waitForSocket(time: time)
    } catch {
      await server.stop(time: time)
      throw error
    }
    return server
  }

  private init(program: String, folder: String) throws(DemoError) {
    self.folder = folder
    guard "\(folder)/redis.sock".utf8.count <= 107 else {
      rmdir(folder)
      throw .pathTooLong(path: "\(folder)/redis.sock")
    }
    do {
      guardian = try Guardian(
        program: program, arguments: DemoServer.arguments(folder: folder), folder: folder)
    } catch {
      rmdir(folder)
      throw error
    }
  }

  deinit {
    if ending.begin() { guardian.release() }
  }

  /// Ends the server and returns when nothing of it is left, or after 5 s.
  package func stop(time: TimeSource) async {
    guard ending.begin() else { return }
    guardian.release()
    // A task of its own, because who stops is often cancelled already and could not wait.
    await Task { [guardian] in
      let deadline = time.uptime() + .seconds(5)
      while !guardian.hasEnded(), time.uptime() < deadline {
        guard (try? await time.sleep(.milliseconds(5))) != nil else { return }
      }
    }.value
  }

  /// The first redis-server in the folders of `searchPath`, then in the usual ones.
  package static func findProgram(searchPath: String?) -> String? {
    let listed = (searchPath ?? "").split(separator: ":").map(String.init)
    let usual = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    return (listed + usual).map { "\($0)/redis-server" }.first { access($0, X_OK) == 0 }
  }

  /// The guardian's command line; whatever closes its standard input ends it.
  package static func command(program: String, folder: String) -> [String] {
    Guardian.command(program: program, arguments: arguments(folder: folder), folder: folder)
  }

  private static func arguments(folder: String) -> [String] {
    [
      "--port", "0", "--unixsocket", "\(folder)/redis.sock", "--unixsocketperm", "700",
      // Snapshots are on, as on any Redis that a broker may lie in; a demo ends before the first.
      "--save", "86400 1", "--appendonly", "no", "--dir", folder, "--daemonize", "no",
    ]
  }

  private static func makeFolder(in temporary: String?) throws(DemoError) -> String {
    var base = temporary ?? "/tmp"
    while base.count > 1, base.hasSuffix("/") { base.removeLast() }
    var template = Array("\(base.isEmpty ? "/tmp" : base)/taskmon-demo.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    let path = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard made else { throw .noFolder(path: path, errno: errno) }
    return path
  }

  private func waitForSocket(time: TimeSource) async throws {
    let deadline = time.uptime() + .seconds(10)
    while !UnixSocket.accepts(path: socketPath) {
      guard time.uptime() < deadline, !guardian.hasEnded() else {
        throw DemoError.serverSilent(log: logTail())
      }
      try await time.sleep(.milliseconds(10))
    }
  }

  /// The last 400 bytes of what the server said, on one line.
  private func logTail() -> String {
    let descriptor = open("\(folder)/redis.log", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 400), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: 400)
    let count = read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).joined(separator: " | ")
  }
}
