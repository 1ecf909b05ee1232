import Foundation
import TaskmonTestSupport
import Testing

/// The zoo has a cage for every rule, and somebody in it.
@Suite("The zoo is complete")
struct ZooTests {
  private struct Listed: Decodable { let id: String }

  @Test("every rule that taskmon lists is in it, each once")
  func everyRule() async throws {
    let listed = try await Taskmon().run(["rules", "--format", "json"])
    let rules = try JSONDecoder().decode([Listed].self, from: Data(listed.output)).map(\.id)
    #expect(Zoo.cases.map(\.rule).sorted() == rules.sorted())
  }

  @Test("the suite of a case looks for it, and its program is there", arguments: Zoo.cases)
  func isProved(_ zooCase: ZooCase) throws {
    let programs = PythonEnvironment.programs
    let program = try String(
      contentsOfFile: "\(programs)/\(zooCase.program)", encoding: .utf8)
    #expect(program.contains("Started as (BROKER is "), "how \(zooCase.program) is started")
    let suite = try String(
      contentsOfFile: "\(programs)/../taskmonTests/\(zooCase.suite).swift", encoding: .utf8)
    // One that takes its whole list from here names the program.
    let signs = ["\"\(zooCase.rule)\"", "\"\(zooCase.program)\""]
    #expect(signs.contains(where: suite.contains), "\(zooCase.suite) says none of \(signs)")
    #expect(!zooCase.neighbour.isEmpty)
  }
}
