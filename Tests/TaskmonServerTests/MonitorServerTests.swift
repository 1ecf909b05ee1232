import TaskmonModel
import TaskmonServer
import TaskmonUnits
import Testing

@Suite("The HTTP server")
struct MonitorServerTests {
  @Test(
    "answers what is asked for, and refuses the rest by its right name",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: localhost", 200, "text/html; charset=utf-8"),
      ("GET /style.css HTTP/1.1\r\nHost: localhost", 200, "text/css; charset=utf-8"),
      (
        "GET /metrics?x=%zz HTTP/1.1\r\nHost: localhost", 200,
        "text/plain; version=0.0.4; charset=utf-8"
      ),
      (
        "HEAD /metrics HTTP/1.1\r\nHost: localhost", 200, "text/plain; version=0.0.4; charset=utf-8"
      ),
      ("GET /-/healthy HTTP/1.1\r\nHost: localhost", 200, "text/plain; charset=utf-8"),
      ("GET /-/ready HTTP/1.1\r\nHost: localhost", 200, "text/plain; charset=utf-8"),
      ("GET /health HTTP/1.1\r\nHost: localhost", 200, "text/plain; charset=utf-8"),
      ("GET /api/v1/health HTTP/1.1\r\nHost: localhost", 200, "application/json"),
      ("GET /nothing HTTP/1.1\r\nHost: localhost", 404, "text/plain; charset=utf-8"),
      ("GET /metrics/ HTTP/1.1\r\nHost: localhost", 404, "text/plain; charset=utf-8"),
      (
        "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", 405,
        "text/plain; charset=utf-8"
      ),
      ("DELETE / HTTP/1.1\r\nHost: localhost", 405, "text/plain; charset=utf-8"),
      ("GET / HTTP/1.1", 400, "text/plain; charset=utf-8"),
      ("GET / HTTP/1.1\r\nHost: a b", 400, "text/plain; charset=utf-8"),
      ("GET / HTTP/1.1\r\nHost: localhost\r\nno colon", 400, nil),
      ("nonsense", 400, nil),
    ] as [(String, Int, String?)])
  func answers(request: String, status: Int, contentType: String?) async throws {
    try await RunningServer.run { server in
      let reply = try await server.ask(request + "\r\n\r\n")
      #expect(reply.status == status)
      #expect(reply.headers["content-type"] == contentType)
      if status == 405 { #expect(reply.headers["allow"] == "GET, HEAD") }
      if contentType != nil {
        #expect(reply.headers["x-content-type-options"] == "nosniff")
        #expect(reply.headers["x-frame-options"] == "DENY")
        #expect(reply.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
        #expect(reply.headers["access-control-allow-origin"] == nil)
      }
    }
  }

  @Test("answers HEAD with GET's head and no body")
  func head() async throws {
    try await RunningServer.run { server in
      let get = try await server.get("/-/ready")
      let wire = try Wire(port: server.port)
      wire.send("HEAD /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      let head = Reply(try await wire.readToEnd())
      #expect(head.body == "")
      #expect(head.headers["content-length"] == get.headers["content-length"])
      #expect(get.body == "taskmon is ready.\n")
    }
  }

  @Test(
    "gives OpenMetrics to who would rather have it",
    arguments: [
      ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true),
      ("application/openmetrics-text; version=1.0.0; charset=utf-8", true),
      ("application/openmetrics-text", true),
      ("application/openmetrics-text;version=0.0.1", false),
      ("application/openmetrics-text;q=0", false), ("text/plain", false), ("*/*", false),
      ("text/plain, application/openmetrics-text;q=0.5", false),
    ])
  func accept(header: String, isOpenMetrics: Bool) async throws {
    try await RunningServer.run { server in
      let reply = try await server.get("/metrics", "Accept: \(header)")
      let begin = isOpenMetrics ? "application/openmetrics-text; version=1.0.0" : "text/plain"
      #expect(reply.headers["content-type"]?.hasPrefix(begin) == true)
      #expect(reply.body.hasSuffix("# EOF\n") == isOpenMetrics)
    }
  }

  @Test(
    "answers on loopback only to its own names and those allowed",
    arguments: [
      ("localhost", 200), ("LOCALHOST:1", 200), ("127.0.0.1:9808", 200), ("mon.example", 200),
      ("mon.example:80", 200), ("evil.example", 403), ("127.0.0.1.evil.example", 403),
      ("[::1]", 403), ("localhost:99999", 400), ("localhost@evil", 400),
    ])
  func hosts(host: String, status: Int) async throws {
    try await RunningServer.run(allowedHosts: ["mon.example:9808"]) { server in
      let reply = try await server.ask("GET /metrics HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(reply.status == status)
    }
  }

  @Test("is not ready before Redis was reached, and stays ready when it is lost")
  func readiness() async throws {
    let states: [(ServedState?, Int, String)] = [
      (nil, 503, "Not ready: no snapshot has been taken yet.\n"),
      (
        RunningServer.state(link: RunningServer.down, polledAt: nil), 503,
        "Not ready: Redis refuses the connection.\n"
      ),
      (RunningServer.state(link: RunningServer.down), 200, "taskmon is ready.\n"),
    ]
    for (state, status, text) in states {
      try await RunningServer.run(state: state) { server in
        let reply = try await server.get("/-/ready")
        #expect(reply.status == status)
        #expect(reply.body == text)
        #expect(try await server.get("/-/healthy").status == 200)
        #expect(try await server.get("/metrics").status == 200)
      }
    }
  }

  @Test("says at /health what celery-exporter says")
  func brokerState() async throws {
    try await RunningServer.run { server in
      let reply = try await server.get("/health")
      #expect(reply.status == 200)
      #expect(reply.body == "Connected to the broker redis://localhost:6379/0\n")
    }
    try await RunningServer.run(state: RunningServer.state(link: RunningServer.down)) { server in
      let reply = try await server.get("/health")
      #expect(reply.status == 500)
      #expect(reply.body == "Failed to connect to broker: 'redis://localhost:6379/0'\n")
    }
  }

  @Test("hands out the health document, and none before there is one")
  func document() async throws {
    try await RunningServer.run { server in
      let reply = try await server.get("/api/v1/health")
      #expect(reply.body == RunningServer.document)
    }
    try await RunningServer.run(state: nil) { server in
      let reply = try await server.get("/api/v1/health")
      #expect(reply.status == 503)
      #expect(reply.body == #"{"error":"no snapshot has been taken yet"}"#)
      #expect(try await server.get("/").body.contains("No snapshot has been taken yet."))
    }
  }

  @Test("shows findings, queues and links to people, and executes no name")
  func landingPage() async throws {
    try await RunningServer.run { server in
      let page = try await server.get("/").body
      #expect(page.contains("<strong class=\"critical\">critical</strong>"))
      #expect(page.contains("<td>&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;\u{FFFD}[31m</td>"))
      #expect(page.contains("<td>nobody consumes it</td>"))
      #expect(page.contains("<td class=\"number\">1,234</td><td class=\"number\">?</td>"))
      #expect(page.contains("Unknown: not read yet."))
      #expect(page.contains("<a href=\"/metrics\">"))
      #expect(!page.contains("<script"))
    }
    try await RunningServer.run(state: RunningServer.state(link: RunningServer.down)) { server in
      let page = try await server.get("/").body
      #expect(page.contains("STALE, read 2026-01-02T03:04:05Z."))
    }
  }
}
