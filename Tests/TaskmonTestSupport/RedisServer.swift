import Foundation
import Synchronization

/// A real redis-server of the test's own, gone when the test is, or when its process dies.
package final class RedisServer: Sendable {
  package let folder: TemporaryFolder
  /// The port on 127.0.0.1; nil where none was asked for.
  package let port: UInt16?
  package let password: String?
  private let program: String?
  private let arguments: [String]
  private let file: [String]
  private let life = Mutex<Life?>(nil)

  private struct Life: Sendable {
    let run: ServerRun
    let processID: Int32
  }

  /// Starts it and waits until it answers.
  ///
  /// `arguments` are those of redis-server, as in `["--maxmemory", "10mb"]`; `configuration` is the
  /// text of its file, which a sentinel cannot do without; `program` is another server than the
  /// redis-server in PATH, of which only what all of them have in common is asked.
  package init(
    tcp: Bool = false, password: String? = nil, arguments: [String] = [],
    configuration: String? = nil, program: String? = nil
  ) async throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    file = try configuration.map { [try folder.write("redis.conf", $0)] } ?? []
    port = tcp ? try freePort() : nil
    self.password = password
    self.program = program
    self.arguments = arguments
    try await start()
  }

  package var socketPath: String { folder.path("redis.sock") }

  /// The server behind its unix socket: `redis+socket:///…`, with the password if there is one.
  package func socketURL(database: Int = 0) -> String {
    let login = password.map { ":\(encoded($0))@" } ?? ""
    return "redis+socket://\(login)\(socketPath)"
      + (database == 0 ? "" : "?virtual_host=\(database)")
  }

  /// The server behind its TCP port, with the password if there is one; throws without a port.
  package func tcpURL(database: Int = 0) throws -> String {
    guard let port else { throw SupportError("the server has no TCP port") }
    let login = password.map { ":\(encoded($0))@" } ?? ""
    return "redis://\(login)127.0.0.1:\(port)/\(database)"
  }

  private func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }

  /// A connection of its own, logged in.
  package func connect(database: Int = 0) throws -> WireClient {
    let client = try WireClient(socket: socketPath)
    if let password { try client.command("AUTH", password) }
    if database != 0 { try client.command("SELECT", String(database)) }
    return client
  }

  /// Sends one command over a connection of its own and gives the reply; an error reply throws.
  @discardableResult
  package func command(_ arguments: String..., database: Int = 0) throws -> WireValue {
    try command(bytes: arguments.map { Array($0.utf8) }, database: database)
  }

  /// The same with arguments of any bytes.
  @discardableResult
  package func command(bytes arguments: [[UInt8]], database: Int = 0) throws -> WireValue {
    let reply = try connect(database: database).pipeline([arguments])[0]
    guard case .error(let text) = reply else { return reply }
    throw SupportError(
      "\(arguments.first.map { String(decoding: $0, as: UTF8.self) } ?? ""): \(text)")
  }

  /// Many commands in one write; an error reply is a value here.
  @discardableResult
  package func pipeline(_ commands: [[[UInt8]]], database: Int = 0) throws -> [WireValue] {
    try connect(database: database).pipeline(commands)
  }

  /// Nil while it is stopped.
  package var processID: Int32? { life.withLock { $0?.processID } }

  /// Stops the process where it stands: connections stay open and nothing answers, until `resume`.
  package func suspend() { life.withLock { _ = $0.map { kill($0.processID, SIGSTOP) } } }
  package func resume() { life.withLock { _ = $0.map { kill($0.processID, SIGCONT) } } }

  /// Ends it orderly and waits for its end; data are gone.
  package func stop() async throws { try await end(by: .termination) }

  /// Kills it with signal 9 and waits for its end.
  package func kill9() async throws { try await end(by: .kill) }

  /// Starts it again, empty, where it was; same socket, same port.
  package func restart() async throws {
    try await stop()
    try await start()
  }

  private func end(by ending: ServerRun.Ending) async throws {
    resume()
    guard let ended = life.withLock({ $0.take() }) else { return }
    ended.run.end(by: ending)
    _ = try await ended.run.shell.result(timeout: 30)
  }

  private func start() async throws {
    let ours =
      program == nil ? ["--enable-debug-command", "yes", "--shutdown-timeout", "0"] : []
    let started = try ServerRun(
      program: program ?? "redis-server", folder: folder.path,
      arguments: file + [
        "--port", "\(port ?? 0)", "--bind", "127.0.0.1", "--unixsocket", socketPath,
        "--dir", folder.path, "--save", "", "--appendonly", "no", "--loglevel", "warning",
      ] + ours + (password.map { ["--requirepass", $0] } ?? []) + arguments)
    try await eventually("redis-server answers") {
      guard !started.isDead else {
        throw SupportError("redis-server: \((try? folder.read("redis.log")) ?? "no log")")
      }
      guard let reply = try? connect().pipeline([[Array("PING".utf8)]])[0] else { return false }
      // Its id comes through a pipe, which may be later than its first answer.
      return reply.text?.hasPrefix("LOADING") == false && started.serverID != nil
    }
    guard let process = started.serverID else { throw SupportError("redis-server without an id") }
    life.withLock { $0 = Life(run: started, processID: process) }
  }
}

/// One life of the server: the shell that watches over it, and the pipe the shell reads.
///
/// When the pipe closes without a word, our process is dead: the shell kills the server and removes
/// the folder.
private final class ServerRun: Sendable {
  enum Ending: String {
    case termination = "TERM"
    case kill = "KILL"
  }

  private static let script = """
    "$@" </dev/null >"$0/redis.log" 2>&1 &
    server=$!
    echo $server
    if read how; then kill -$how $server; wait $server
    else kill -9 $server; wait $server; rm -rf "$0"; fi
    """

  let shell: Subprocess
  private let pipe: Int32

  init(program: String, folder: String, arguments: [String]) throws {
    var ends: [Int32] = [-1, -1]
    let made = noStrayDescriptors.withLock { _ in
      guard Foundation.pipe(&ends) == 0 else { return false }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return true
    }
    guard made else { throw systemError("pipe") }
    pipe = ends[1]
    defer { close(ends[0]) }
    shell = try Subprocess(
      "/bin/sh", ["-c", Self.script, folder, program] + arguments, inputDescriptor: ends[0],
      killedWithUs: false)
  }

  deinit { close(pipe) }

  /// As the shell has told it; nil until then.
  var serverID: Int32? {
    Int32(shell.outputSoFar.prefix { $0.isNumber })
  }

  /// The server ended by itself; it stays a zombie, because the shell waits for our word.
  var isDead: Bool {
    guard shell.isRunning else { return true }
    guard let id = serverID,
      let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
    else { return false }
    return status.contains(") Z ")
  }

  func end(by ending: Ending) {
    _ = "\(ending.rawValue)\n".withCString { write(pipe, $0, strlen($0)) }
  }
}

/// A TCP port nobody listens on at the moment.
///
/// Below those that Linux gives to outgoing connections (from 32,768): none of them takes it while
/// a server is about to start, or away for a while. A node of a cluster needs the one 10,000 above
/// its own as well.
package func freePort() throws -> UInt16 {
  for _ in 0..<1000 {
    let port = UInt16.random(in: 12_000..<32_000)
    if try isFree(port) { return port }
  }
  throw SupportError("no free port")
}

private func isFree(_ port: UInt16) throws -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
  guard descriptor >= 0 else { throw systemError("socket") }
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
