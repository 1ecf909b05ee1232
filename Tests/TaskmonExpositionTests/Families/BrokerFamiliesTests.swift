import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Broker metrics")
struct BrokerFamiliesTests {
  @Test("leave out what Redis does not print")
  func partial() {
    var snapshot = Shop.snapshot()
    snapshot.server = .value(
      ServerFacts(
        version: "7", runID: "r", uptime: .zero, role: "slave", usedMemory: ByteCount(1_000_000),
        connectedClients: 3))
    #expect(
      Shop.text(Shop.input(snapshot)).split(separator: "\n").filter { $0.hasPrefix("celery_") } == [
        "celery_broker_memory_bytes 1000000", "celery_broker_clients 3",
        #"celery_broker_role{role="slave"} 1"#,
      ])
  }

  @Test("say all that INFO told")
  func complete() {
    let names = Exposition(Shop.full).families.map(\.name).filter { $0.hasPrefix("celery_broker") }
    #expect(
      names == [
        "celery_broker_memory_bytes", "celery_broker_memory_max_bytes",
        "celery_broker_evicted_keys_total", "celery_broker_clients", "celery_broker_flushes_total",
        "celery_broker_role",
      ])
  }
}
