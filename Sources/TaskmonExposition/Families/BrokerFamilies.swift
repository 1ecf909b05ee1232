import TaskmonModel
import TaskmonUnits

/// What Redis says of itself.
package enum BrokerFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let server = input.facts?.server.value
    return [
      .gauge(
        "celery_broker_memory_bytes", "Memory Redis uses for data.",
        Sample.known((server?.usedMemory.value).map(Double.init))),
      .gauge(
        "celery_broker_memory_max_bytes", "Redis' maxmemory; absent when none is set.",
        Sample.known((server?.maxMemory?.value).map(Double.init))),
      .counter(
        "celery_broker_evicted_keys_total", "Keys Redis has thrown away for want of memory.",
        Sample.known(server?.evictedKeys)),
      .gauge(
        "celery_broker_clients", "Connections to Redis.", Sample.known(server?.connectedClients)),
      .counter(
        "celery_broker_flushes_total", "FLUSHALL and FLUSHDB calls Redis has served.",
        Sample.known(server?.flushes)),
      .gauge(
        "celery_broker_role", "The role Redis has in its replication; always 1.",
        server.map { [Sample([Label("role", $0.role)], 1)] } ?? []),
    ]
  }
}
