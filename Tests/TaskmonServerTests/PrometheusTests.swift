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
      let configuration = """
        global: { scrape_interval: 1s }
        scrape_configs:
          - job_name: taskmon
            static_configs: [{ targets: ["127.0.0.1:\(server.port)"] }]
        """
      try configuration.write(
        toFile: folder.path + "/prometheus.yml", atomically: true, encoding: .utf8)
      let port = try Self.freePort()
      let prometheus = try BackgroundTool([
        "prometheus", "--config.file=\(folder.path)/prometheus.yml",
        "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)",
      ])
      let answer = await Self.query("celery_queue_length", port: port)
      let name = #""queue_name":"\u003cscript\u003e\"\u0026'\u003c/script\u003e\u001b[31m""#
      #expect(answer.contains(name), "\(answer) \(prometheus.output)")
      #expect(answer.contains(#""1234"]"#))
      #expect(await Self.query(#"up{job="taskmon"}"#, port: port).contains(#","1"]"#))
    }
  }

  /// The first answer that holds a result, or the last one before patience ends.
  private static func query(_ query: String, port: Int) async -> String {
    let path =
      "/api/v1/query?query="
      + (query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    let clock = ContinuousClock()
    let end = clock.now + .seconds(60)
    var last = ""
    while clock.now < end {
      if let wire = try? Wire(port: port) {
        wire.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        last = (try? await wire.readToEnd()) ?? ""
        if last.contains(#""value":"#) { return last }
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return last
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard result == 0 else { throw Wire.Failure(sentence: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
