import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RunningArgumentsTests {
  @Test func `an answer tells arguments and queue, and only the latter leaves with a snapshot`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let start = Date().timeIntervalSince1970 - 5
    worker.answer(
      "active",
      with: #"[{"id": "r", "name": "a.b", "args": "('secret',)", "kwargs": "{'k': 'hidden'}", "#
        + #""time_start": \#(start), "delivery_info": {"routing_key": "mail"}}]"#)
    try await ObservedMonitor.observe(.quick(try server.url())) { monitor in
      let run = try await eventuallyValue("the run") { monitor.latest?.running.value?.first }
      #expect(run.argumentsText == "('secret',)" && run.keywordArgumentsText == "{'k': 'hidden'}")
      #expect(run.queue == "mail")
      let snapshot = try #require(monitor.latest)
      let text = String(decoding: try JSONEncoder().encode(snapshot), as: UTF8.self)
      #expect(text.contains("\"mail\"") && text.contains("\"a.b\""))
      #expect(!text.contains("secret") && !text.contains("hidden"))
    }
  }
}
