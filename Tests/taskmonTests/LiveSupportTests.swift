import Foundation
import TaskmonTestSupport
import Testing

/// The tools the live tests stand on do what they say.
@Suite("Fleet and terminal of the tests", .tags(.live))
struct LiveSupportTests {
  @Test("a member stops orderly, another dies by signal 9, and the rest goes with the fleet")
  func fleet() async throws {
    let redis = try await RedisServer(tcp: true)
    var fleet: CeleryFleet? = try await CeleryFleet(broker: try redis.tcpURL())
    guard let one = try await fleet?.worker("shop", node: "w1@shop", as: "w1", queues: "celery"),
      let two = try await fleet?.worker("shop", node: "w2@shop", as: "w2", queues: "celery"),
      let beat = try await fleet?.beat("shop", as: "beat", redBeat: true)
    else { throw SupportError("no fleet") }
    let processes = [one, two, beat].compactMap(\.processID)
    #expect(processes.count == 3 && processes.allSatisfy(isAlive))
    try await one.stop()
    #expect(one.exitStatus == 0)
    try two.kill9()
    try await eventually("death of w2") { !isAlive(processes[1]) }
    #expect(two.exitStatus == nil)
    #expect(isAlive(processes[2]))
    fleet = nil
    try await eventually("end of the fleet") { !isAlive(processes[2]) }
  }

  @Test("a terminal shows what is typed, at its size")
  func terminal() async throws {
    let terminal = try await Tmux(
      columns: 50, rows: 12, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
    try await terminal.enter("stty size; printf '\\033[?1049hinside'; read x")
    try await eventually("the alternate screen") {
      try await terminal.value("alternate_on") == "1"
    }
    try await terminal.enter("")
    try await terminal.enter("printf '\\033[?1049l'")
    try await eventually("the normal screen") { try await terminal.value("alternate_on") == "0" }
    let screen = try await terminal.shows("12 50")
    #expect(screen.contains("READY>"))
  }

  @Test("an exposition is read by Prometheus' own parser")
  func metrics() async throws {
    let redis = try await RedisServer(tcp: true)
    let fleet = try await CeleryFleet(broker: try redis.tcpURL())
    let text = "# HELP a b\n# TYPE a gauge\na{q=\"x \\\"y\\\"\"} 3\n"
    let json = try await fleet.output(of: "read_metrics.py", ["text"], input: text)
    #expect(
      try JSONDecoder().decode([Sample].self, from: Data(json.utf8)) == [
        Sample(name: "a", labels: ["q": "x \"y\""], value: 3)
      ])
  }

  private func isAlive(_ process: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return false
    }
    return !stat.contains(") Z ")
  }
}
