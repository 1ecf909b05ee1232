import TaskmonTestSupport
import Testing

@Suite("The test support keeps its promises")
struct SupportTests {
  @Test("a program's output, errors and status come back")
  func program() async throws {
    let result = try await Subprocess.run(
      "sh", ["-c", "cat; echo no >&2; exit 3"], input: [104, 105])
    #expect(result.end == .exit(3))
    #expect(result.outputText == "hi")
    #expect(result.errorText == "no\n")
  }

  @Test("a child has no signal blocked, whatever thread starts it")
  func signalMask() async throws {
    let result = try await Subprocess.run("grep", ["SigBlk", "/proc/self/status"])
    #expect(result.outputText == "SigBlk:\t0000000000000000\n")
  }

  @Test("a program that does not end is killed and said to be late")
  func late() async throws {
    let result = try await Subprocess.run("sleep", ["100"], timeout: 0.05)
    #expect(result.end == .timedOut)
  }

  @Test("a server answers, dies, and comes back empty in the same place")
  func server() async throws {
    let server = try await RedisServer(tcp: true, password: "p w")
    try server.command("SET", "a", "1", database: 3)
    #expect(try server.command("GET", "a", database: 3) == .bytes([49]))
    #expect(try server.command("GET", "a") == .null)
    let first = server.processID
    try await server.kill9()
    #expect(throws: SupportError.self) { try server.command("PING") }
    try await server.restart()
    #expect(server.processID != nil && server.processID != first)
    #expect(try server.command("DBSIZE", database: 3) == .integer(0))
  }
}
