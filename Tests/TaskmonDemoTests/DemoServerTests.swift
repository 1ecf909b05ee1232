import Foundation
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite struct DemoServerTests {
  private func start(in folder: TemporaryFolder) async throws -> DemoServer {
    try await DemoServer.start(
      searchPath: ProcessInfo.processInfo.environment["PATH"], temporary: folder.path,
      time: SystemTime.source)
  }

  /// Processes whose command line names `text`, guardians and servers alike.
  private func processes(naming text: String) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int32.init).filter { pid in
      let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))) ?? Data()
      return String(decoding: line, as: UTF8.self).contains(text)
    }
  }

  @Test func startsInAPrivateFolderAndLeavesNothing() async throws {
    let temporary = try TemporaryFolder()
    let server = try await start(in: temporary)
    #expect(server.folder.hasPrefix(temporary.path + "/taskmon-demo."))
    let attributes = try FileManager.default.attributesOfItem(atPath: server.folder)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    #expect(server.url == "redis+socket://\(server.folder)/redis.sock?virtual_host=0")
    #expect(processes(naming: server.folder).count == 2)
    await server.stop(time: SystemTime.source)
    #expect(!FileManager.default.fileExists(atPath: server.folder))
    #expect(processes(naming: server.folder) == [])
  }

  @Test func leavesNothingWhenACancelledTaskStopsIt() async throws {
    let temporary = try TemporaryFolder()
    let server = try await start(in: temporary)
    let stopping = Task {
      while !Task.isCancelled { await Task.yield() }
      await server.stop(time: SystemTime.source)
    }
    stopping.cancel()
    await stopping.value
    #expect(!FileManager.default.fileExists(atPath: server.folder))
  }

  @Test func leavesNothingWhenItIsForgotten() async throws {
    let temporary = try TemporaryFolder()
    var server: DemoServer? = try await start(in: temporary)
    let folder = try #require(server?.folder)
    server = nil
    try await eventually("folder gone") { !FileManager.default.fileExists(atPath: folder) }
    try await eventually("server gone") { processes(naming: folder).isEmpty }
  }

  /// A `sleep` stands for taskmon: it holds the other end of the guardian's standard input.
  @Test(
    "leaves nothing when its owner is killed, nor does a terminal's signal reach it",
    arguments: [SIGKILL, SIGTERM, SIGSEGV])
  func ownerDies(signal: Int32) async throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path("taskmon-demo.owner")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let program = try #require(DemoServer.findProgram(searchPath: nil))
    let command = DemoServer.command(program: program, folder: folder)
    let owner = try Subprocess("/bin/sh", ["-c", "sleep 600 | \"$@\"", "owner"] + command)
    let socket = "\(folder)/redis.sock"
    try await eventually("socket") { FileManager.default.fileExists(atPath: socket) }
    let guardian = try #require(
      processes(naming: folder).first { pid in
        let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
        let parent = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return name == "sh\n" && parent?.contains(" \(owner.processID) ") == true
      })
    for deaf in [SIGINT, SIGHUP, SIGQUIT, SIGTERM] { kill(guardian, deaf) }
    #expect(FileManager.default.fileExists(atPath: socket))
    #expect(kill(guardian, 0) == 0)
    let sleeper = try #require(
      processes(naming: "sleep\u{0}600").first { pid in
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return stat?.contains(" \(owner.processID) ") == true
      })
    kill(sleeper, signal)
    try await eventually("folder gone") { !FileManager.default.fileExists(atPath: folder) }
    try await eventually("all gone") { processes(naming: folder).isEmpty }
    _ = try await owner.result(timeout: 10)
  }

  @Test func saysWhatIsMissing() async throws {
    #expect(
      "\(DemoError.serverNotInstalled)"
        == "the demo needs redis-server, which is not installed: apt-get install redis-server")
    await #expect(throws: DemoError.self) {
      try await DemoServer.start(
        searchPath: nil, temporary: "/nonexistent/folder", time: SystemTime.source)
    }
  }

  @Test func refusesAFolderThatNoSocketFitsInto() async throws {
    let temporary = try TemporaryFolder()
    let deep = temporary.path(String(repeating: "d", count: 90))
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: false)
    do {
      _ = try await DemoServer.start(
        searchPath: nil, temporary: deep, time: SystemTime.source)
      Issue.record("a path of more than 107 bytes was taken")
    } catch let error as DemoError {
      #expect("\(error)".contains("set TMPDIR to a shorter folder"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: deep) == [])
  }
}
