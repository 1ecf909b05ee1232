import Foundation
import TaskmonServer
import TaskmonTestSupport
import Testing

@Suite("A real Prometheus")
struct PrometheusTests {
  @Test("scrapes the page and reads a hostile name back as it was")
  func scrape() async throws {
    try await RunningServer.run { server in
      let folder = try TemporaryFolder()
      try folder.write(
        "prometheus.yml",
        """
        global: { scrape_interval: 1s }
        scrape_configs:
          - job_name: taskmon
            static_configs: [{ targets: ["127.0.0.1:\(server.port)"] }]
        """)
      let port = Int(try freePort())
      let prometheus = try Subprocess(
        "prometheus",
        [
          "--config.file=\(folder.path("prometheus.yml"))",
          "--storage.tsdb.path=\(folder.path("data"))", "--web.listen-address=127.0.0.1:\(port)",
        ])
      let name = #""queue_name":"\u003cscript\u003e\"\u0026'\u003c/script\u003e\u001b[31m""#
      let answer = try await Self.answer(to: "celery_queue_length", port: port)
      #expect(answer.contains(name), "\(answer) \(prometheus.errorsSoFar)")
      #expect(answer.contains(#""1234"]"#))
      let up = try await Self.answer(to: #"up{job="taskmon"}"#, port: port)
      #expect(up.contains(#","1"]"#))
      prometheus.kill()
    }
  }

  /// The first answer that holds a result.
  private static func answer(to query: String, port: Int) async throws -> String {
    let path =
      "/api/v1/query?query="
      + (query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    return try await eventuallyValue(within: 60, "a scrape") {
      guard let wire = try? Wire(port: port) else { return nil }
      wire.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      let text = try await wire.readToEnd()
      return text.contains(#""value":"#) ? text : nil
    }
  }
}
