import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Broker view")
struct BrokerViewTests {
  static func facts(_ change: (inout Snapshot) -> Void = { _ in }) throws -> [String: String] {
    let data = SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      change(&snapshot)
      return snapshot
    })
    let context = try #require(SampleData.context(data))
    let facts = BrokerFact.all(context).map { ("\($0.part.rawValue) \($0.name)", $0.cell.text) }
    // Rows are told apart by part and name.
    #expect(Set(facts.map(\.0)).count == facts.count)
    return Dictionary(facts, uniquingKeysWith: { first, _ in first })
  }

  @Test("What the server does not print is unknown, what has no limit says so")
  func absent() throws {
    let facts = try Self.facts { snapshot in
      snapshot.server = .value(
        ServerFacts(
          version: "6.2", runID: "r", uptime: Seconds(60), usedMemory: ByteCount(1_048_576),
          connectedClients: 3))
    }
    for name in [
      "memory eviction policy", "memory memory share", "memory evicted keys", "keys keys",
      "persistence append-only file", "clients client limit", "server clock offset",
    ] { #expect(facts[name] == "?", "\(name)") }
    #expect(facts["memory memory limit"] == "none")
    #expect(facts["memory memory used"] == "1.0 MiB")
    #expect(facts["keys reply lists"] == "3, 8.9 KiB")
  }

  @Test("Without the server's facts the rest is told still")
  func withoutServer() throws {
    let facts = try Self.facts { $0.server = .unavailable("no permission (NOPERM)") }
    #expect(facts["memory memory used"] == nil)
    #expect(facts["cost commands sent"] == "36,300 · 5.0/s")
    #expect(facts["collector queue lengths"] == "2 ms")
    #expect(facts["collector results"] == "14s")
  }

  @Test("Our own cost is listed by command")
  func cost() throws {
    let context = try #require(SampleData.context())
    let page = try #require(BrokerView.page("cost commands sent", context))
    let text = page.lines(width: 80).map(\.text)
    #expect(text.contains { $0.contains("LLEN") && $0.contains("28,800") && $0.contains("4.0") })
    #expect(BrokerView.page("cost nothing", context) == nil)
  }

  @Test("A loss of data that was seen is told with its cause and what was held")
  func loss() throws {
    var later = SampleData.snapshot(at: SampleData.now + Seconds(1))
    later.server = later.server.map { server in
      var server = server
      (server.flushes, server.keys) = (1, 0)
      return server
    }
    var history = SampleData.history { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.server = snapshot.server.map { server in
        var server = server
        (server.flushes, server.keys) = (0, 900)
        return server
      }
      return snapshot
    }
    history.absorb(later)
    let data = ConsoleData(
      history: history, report: SampleData.healthy, broker: SampleData.broker)
    let context = try #require(SampleData.context(data))
    let fact = try #require(BrokerFact.all(context).first { $0.name == "last loss" })
    #expect(fact.cell.role == .critical)
    #expect(fact.meaning.contains("emptied the database, which held"))
  }
}
