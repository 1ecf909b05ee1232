import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct LayoutChoiceTests {
  private static func layout(
    _ told: [LayoutChoice.Transport], given: (inout MonitorConfiguration) -> Void = { _ in }
  ) throws -> KeyLayout {
    var configuration = MonitorConfiguration(broker: try RedisURL("redis://h/0"))
    given(&configuration)
    return LayoutChoice(configuration: configuration, told: told).layout
  }

  private static let custom = LayoutChoice.Transport(separator: ":", prioritySteps: [0, 5])

  @Test func `nobody has told: kombu's own`() throws {
    #expect(try Self.layout([]) == KeyLayout(database: 0))
  }

  @Test func `a worker's settings name the lists`() throws {
    let found = try Self.layout([Self.custom])
    #expect(found.messages(of: "celery", step: 5).text == "celery:5")
    #expect(found.prioritySteps == [0, 5])
  }

  @Test func `what is given by hand wins`() throws {
    let found = try Self.layout([Self.custom]) {
      $0.separator = "|"
      $0.prioritySteps = [0, 1]
      $0.fanoutPrefix = .text("/x.")
      $0.fanoutPatterns = false
    }
    #expect(found.messages(of: "celery", step: 1).text == "celery|1")
    #expect(found.prioritySteps == [0, 1])
    #expect(found.controlChannel.text == "/x.celery.pidbox")
  }

  @Test func `most workers decide, and in whatever order they come`() throws {
    let odd = LayoutChoice.Transport(separator: "odd", prioritySteps: nil)
    #expect(try Self.layout([odd, Self.custom, Self.custom]).separator == ":")
    #expect(try Self.layout([odd, Self.custom]) == Self.layout([Self.custom, odd]))
  }

  @Test(arguments: [
    LayoutChoice.Transport(separator: "", prioritySteps: []),
    LayoutChoice.Transport(
      separator: String(repeating: "x", count: 65), prioritySteps: Array(0..<17)),
    LayoutChoice.Transport(separator: nil, prioritySteps: [-1]),
  ])
  func `settings that cannot be are ignored`(_ transport: LayoutChoice.Transport) throws {
    #expect(try Self.layout([transport]) == KeyLayout(database: 0))
  }

  @Test func `steps are sorted as kombu sorts them`() throws {
    let transport = LayoutChoice.Transport(separator: nil, prioritySteps: [9, 0, 4, 4])
    #expect(try Self.layout([transport]).prioritySteps == [0, 4, 9])
  }

  @Test func `queues with another separator are read once a worker has told it`() async throws {
    let server = try await RedisServer()
    let message = #"{"headers":{"id":"1"},"properties":{"delivery_tag":"1"}}"#
    try server.command("SADD", "_kombu.binding.mail", "mail::mail")
    try server.command("LPUSH", "mail:4", message)
    try server.command("LPUSH", "mail", message)
    let worker = try ScriptedWorker(
      "celery@w1", on: server,
      conf: #"{"broker_transport_options": {"sep": ":", "priority_steps": [0, 4]}}"#)
    try await ObservedMonitor.observe(.quick(try server.url())) { monitor in
      try await eventually("both steps") {
        monitor.latest?.queues.value?.first { $0.name == "mail" }?.priorities
          == [PriorityLength(step: 0, ready: 1), PriorityLength(step: 4, ready: 1)]
      }
      try await eventually("first rounds") { monitor.firstRoundsDone }
      #expect(monitor.latest?.queues.value?.map(\.name) == ["celery", "mail"])
    }
    _ = worker
  }
}
