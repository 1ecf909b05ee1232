import Foundation
import TaskmonTestSupport
import Testing

@Suite("`doctor` says what can be seen", .tags(.live))
struct DoctorLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// Runs a shell script on a simulated fleet; `$T` is taskmon, `$S` the socket of its Redis.
  private func onFleet(_ script: String) async throws -> ProcessResult {
    let whole = "T='\(Taskmon.path)'; S=${TASKMON_BROKER#redis+socket://}; S=${S%%\\?*}; \(script)"
    return try await taskmon.run(["demo", "healthy", "--", "/bin/sh", "-c", whole], timeout: 120)
  }

  /// Makes the user of the line that `doctor` prints, with changes behind it, and asks as them.
  private static func asUser(_ flags: String, changes: String) -> String {
    """
    line=$($T doctor \(flags) | sed -n 's/^  ACL SETUSER taskmon \\(.*\\) >PASSWORD/\\1 >pw/p');
    set -f; redis-cli -s $S ACL SETUSER taskmon $line \(changes) >&2 || exit 70;
    printf pw > $HOME/pw;
    exec $T doctor \(flags) --username taskmon --password-file $HOME/pw
    """
  }

  @Test("a healthy fleet is seen whole, and exit is 0")
  func healthy() async throws {
    let run = try await onFleet("exec $T doctor")
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
    #expect(!run.outputText.contains("NO "))
    #expect(run.outputText.contains("commands tried, all allowed"))
    #expect(run.outputText.contains("4 of 4 workers answered"))
  }

  @Test("a user with exactly the line it prints sees everything")
  func leastRights() async throws {
    let run = try await onFleet(Self.asUser("", changes: ""))
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
    #expect(run.outputText.contains("commands tried, all allowed"))
  }

  @Test("with --read-only the line is enough too, and that no worker is asked is said")
  func readOnly() async throws {
    let run = try await onFleet(Self.asUser("--read-only", changes: ""))
    #expect(run.end == .exit(1))
    #expect(run.outputText.contains("commands tried, all allowed"), "\(run.outputText)")
    #expect(run.outputText.contains("workers are not asked: "))
    let line = run.outputText.split(separator: "\n").last ?? ""
    #expect(line.contains("ACL SETUSER"))
    #expect(!line.contains("+publish") && !line.contains("+rpush") && !line.contains("%RW~"))
  }

  @Test(
    "each right that is missing is named with what it costs and what grants it",
    arguments: [
      ("-info", "INFO", "+info"), ("-scan", "SCAN", "+scan"),
      ("-memory", "MEMORY USAGE", "+memory|usage"), ("-publish", "PUBLISH", "+publish"),
      ("-zrange", "ZRANGE", "+zrange"), ("-rpush", "RPUSH", "+rpush"),
    ])
  func missingRight(_ change: String, _ command: String, _ grant: String) async throws {
    let run = try await onFleet(Self.asUser("", changes: change))
    #expect(run.end == .exit(1), "\(run.errorText)")
    let line = run.outputText.split(separator: "\n").first { $0.hasPrefix("NO  \(command) ") } ?? ""
    #expect(line.contains("unknown without it: "), "\(run.outputText)")
    #expect(line.contains("NOPERM") && line.contains("grant \(grant)"), "\(line)")
  }

  @Test("a channel that may not be heard is named")
  func missingChannel() async throws {
    let run = try await onFleet(
      Self.asUser("", changes: "resetchannels '&/0.celery.pidbox'"))
    #expect(run.end == .exit(1))
    #expect(run.outputText.contains("NO  PSUBSCRIBE /0.celeryev/*"), "\(run.outputText)")
  }

  @Test("a command that the server does not have is named")
  func renamed() async throws {
    let redis = try await RedisServer(arguments: ["--rename-command", "MEMORY", "OTHER"])
    let run = try await taskmon.run(["doctor", "--broker", redis.socketURL()])
    #expect(run.end == .exit(1))
    let line =
      run.outputText.split(separator: "\n").first { $0.hasPrefix("NO  MEMORY USAGE") } ?? ""
    #expect(line.contains("the server does not know it; was it renamed?"), "\(run.outputText)")
    #expect(run.outputText.contains("NO  celery"))
  }

  @Test("a Redis that does not answer is the whole diagnosis, and nothing is left in one that does")
  func connection() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    _ = try await taskmon.run(["doctor", "--broker", url])
    #expect(try redis.command("DBSIZE").integer == 0)
    try await redis.stop()
    let run = try await taskmon.run(["doctor", "--broker", url])
    #expect(run.end == .exit(1))
    #expect(run.outputText.hasPrefix("NO  connection  "), "\(run.outputText)")
    #expect(run.outputText.contains("nobody listens there"))
  }
}
