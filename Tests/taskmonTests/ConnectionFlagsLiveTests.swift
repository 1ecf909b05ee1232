import Foundation
import TaskmonTestSupport
import Testing

@Suite("Flags of the connection", .tags(.live))
struct ConnectionFlagsLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  struct Mistake: Sendable, CustomStringConvertible {
    let flags: [String]
    let words: String
    var description: String { flags.joined(separator: " ") }
  }

  private static let noTLS = "needs rediss://… (or sentinel://…): redis:// and sockets speak no TLS"
  private static let noSentinel = "needs sentinel://…: the URL names the server itself"

  static let mistakes = [
    Mistake(flags: ["--ca-cert", "ca.pem"], words: "--ca-cert \(noTLS)"),
    Mistake(flags: ["--cert", "c.pem"], words: "--cert \(noTLS)"),
    Mistake(
      flags: ["--broker", "redis+socket:///run/r.sock", "--key", "k"], words: "--key \(noTLS)"),
    Mistake(
      flags: ["--broker", "redis://h", "--tls-server-name", "n"],
      words: "--tls-server-name \(noTLS)"),
    Mistake(
      flags: ["--backend", "redis://h/1", "--insecure-skip-verify"],
      words: "--insecure-skip-verify \(noTLS)"),
    Mistake(flags: ["--sentinel-master", "shop"], words: "--sentinel-master \(noSentinel)"),
    Mistake(
      flags: ["--broker", "rediss://h", "--sentinel-tls"], words: "--sentinel-tls \(noSentinel)"),
    Mistake(flags: ["--sentinel-username", "u"], words: "--sentinel-username \(noSentinel)"),
    Mistake(
      flags: ["--sentinel-password-file", "f"], words: "--sentinel-password-file \(noSentinel)"),
    Mistake(
      flags: ["--broker", "sentinel://h", "--sentinel-password-file", "/none"],
      words: "the password file /none cannot be read: No such file or directory"),
    Mistake(flags: ["--sep", ""], words: "--sep: it is empty"),
    Mistake(
      flags: ["--priority-steps", "0,high"],
      words: "--priority-steps: \"0,high\" are no priority steps; write 1 to 16 whole numbers"),
    Mistake(
      flags: ["--fanout-patterns", "maybe"],
      words: "--fanout-patterns: \"maybe\" is neither true nor false"),
    Mistake(flags: ["--fanout-prefix", ""], words: "--fanout-prefix: it is empty"),
  ]

  @Test("what makes no sense is refused in one sentence", .serialized, arguments: mistakes)
  func refused(_ mistake: Mistake) async throws {
    for (command, code) in [("top", Int32(64)), ("check", 3)] {
      let run = try await taskmon.run([command] + mistake.flags)
      #expect(run.end == .exit(code), "\(run.errorText)")
      #expect(run.outputText.isEmpty)
      #expect(run.errorText.hasPrefix("Error: \(mistake.words)"), "\(run.errorText)")
    }
  }

  @Test("a backend that is spoken to by TLS is enough for the flags of TLS")
  func backend() async throws {
    let redis = try await RedisServer()
    let run = try await taskmon.run([
      "check", "--observe", "1s", "--broker", redis.socketURL(), "--ca-cert", "/none.pem",
      "--backend", "rediss://127.0.0.1:\(try freePort())/0",
    ])
    #expect(!run.errorText.contains("needs rediss://"), "\(run.errorText)")
    #expect(run.outputText.contains("TASKMON"))
  }

  @Test("a backend on the broker's server that names no user is the broker's user's")
  func sameServer() async throws {
    let redis = try await RedisServer(tcp: true, password: "pw")
    let port = redis.port ?? 0
    let file = try taskmon.home.write("pw", "pw\n")
    let run = try await taskmon.run([
      "doctor", "--broker", "redis://127.0.0.1:\(port)/0", "--password-file", file,
      "--backend", "redis://127.0.0.1:\(port)/1",
    ])
    #expect(
      run.outputText.contains(#/ok  results +0 in redis://127.0.0.1:\d+/1\n/#),
      "\(run.outputText)\(run.errorText)")
  }

  @Test("the sentinels have a login of their own, and no password of either is told")
  func sentinel() async throws {
    let master = PlantedPassword("M4ster")
    let watch = PlantedPassword("S3ntinel")
    let group = try await SentinelGroup(password: master.raw, sentinelPassword: watch.raw)
    try group.sentinel.command(
      "ACL", "SETUSER", "watcher", "on", ">\(watch.raw)", "~*", "&*", "+@all")
    let masterFile = try taskmon.home.write("master", master.raw)
    let watchFile = try taskmon.home.write("watch", watch.raw + "\r\n")
    let place = "127.0.0.1:\(group.sentinel.port ?? 0)/0"
    let files = ["--password-file", masterFile, "--sentinel-password-file", watchFile]
    let options = "master_name=shop&sentinel_password=\(watch.encoded)"
    let ways = [
      ["--broker", "sentinel://:\(master.encoded)@\(place)?\(options)"],
      ["--broker", "sentinel://\(place)", "--sentinel-master", "shop"] + files,
      ["--broker=prod=sentinel://\(place)", "--sentinel-username", "watcher"] + files,
    ]
    func expectSilence(_ texts: String..., flags: [String]) {
      for text in texts {
        #expect(!text.contains(master.mark) && !text.contains(watch.mark), "\(flags)")
      }
    }
    for flags in ways {
      let top = try await taskmon.run(["top", "--once"] + flags)
      #expect(top.end == .exit(0), "\(flags)\n\(top.errorText)")
      expectSilence(top.outputText, top.errorText, flags: flags)
      let serving = try await Serving(flags, taskmon: taskmon)
      let line = try String(
        contentsOfFile: "/proc/\(serving.process.processID)/cmdline", encoding: .utf8)
      #expect(line.contains("sentinel://"))
      expectSilence(line, try serving.get("/").body, flags: flags)
      #expect(try await serving.stop() == .exit(0))
      expectSilence(serving.process.errorsSoFar, flags: flags)
    }
    let strange = try await taskmon.run(
      ["top", "--once", "--broker", "sentinel://\(place)", "--password-file", masterFile]
        + ["--sentinel-password-file", masterFile])
    #expect(strange.end == .exit(1))
    #expect(strange.errorText.contains("sentinel 127.0.0.1"), "\(strange.errorText)")
    expectSilence(strange.outputText, strange.errorText, flags: [])
  }

  @Test("with --sentinel-tls the sentinels are asked by TLS, the master they name as before")
  func sentinelTLS() async throws {
    let master = try await RedisServer(tcp: true)
    let certificates = try await Certificates()
    let pair = try await certificates.sign("sentinel", for: "DNS:localhost,IP:127.0.0.1")
    let port = try freePort()
    let sentinel = try await RedisServer(
      arguments: [
        "--sentinel", "--tls-port", "\(port)", "--tls-cert-file", pair.certificate,
        "--tls-key-file", pair.key, "--tls-auth-clients", "no",
        "--tls-ca-cert-file", certificates.authority.certificate,
      ], configuration: "sentinel monitor shop 127.0.0.1 \(master.port ?? 0) 1\n")
    let trusting = ["SSL_CERT_FILE": certificates.authority.certificate]
    let flags = ["top", "--once", "--broker", "sentinel://localhost:\(port)/0"]
    let plain = try await taskmon.run(flags, environment: trusting)
    #expect(plain.end == .exit(1))
    let secure = try await taskmon.run(flags + ["--sentinel-tls"], environment: trusting)
    #expect(secure.end == .exit(0), "\(secure.errorText)")
    let strange = try await taskmon.run(flags + ["--sentinel-tls"])
    #expect(strange.end == .exit(1))
    #expect(strange.errorText.contains("certificate"), "\(strange.errorText)")
    _ = sentinel
  }
}
