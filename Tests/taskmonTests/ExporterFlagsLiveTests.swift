import Foundation
import TaskmonTestSupport
import Testing

/// `serve` takes the place of another exporter, started as that was.
@Suite("The flags of celery-exporter", .tags(.live))
struct ExporterFlagsLiveTests {
  @Test("its variables and flags do here what they did there")
  func drop() async throws {
    let redis = try await RedisServer(tcp: true)
    let taskmon = try Taskmon()
    let port = try freePort()
    let process = try taskmon.start(
      [
        "serve", "--host", "127.0.0.1", "-Q", "mail,labels", "--static-label", "env=prod",
        "--purge-offline-worker-metrics", "600", "--accept-content=json",
        "--broker-transport-option", "visibility_timeout=18000",
        "--broker-transport-option", "max_connections=3",
      ],
      environment: [
        "CE_BROKER_URL": try redis.tcpURL(), "CE_PORT": "\(port)", "CE_METRIC_PREFIX": "shop_",
        "CE_BUCKETS": "0.5,5,+Inf", "CE_WORKER_TIMEOUT": "300", "CE_LOG_LEVEL": "INFO",
      ])
    defer { process.kill() }
    let client = HTTPClient(port: port)
    try await eventually(within: 90, "the queues") {
      let page = try? client.get("/metrics").body
      return page?.contains(#"shop_queue_length{queue_name="mail",env="prod"} 0"#) == true
        && page?.contains(#"shop_queue_length{queue_name="labels",env="prod"} 0"#) == true
    }
    let said = process.errorsSoFar
    #expect(said.contains("--accept-content is taken"))
    #expect(said.contains("--purge-offline-worker-metrics 10m"))
    #expect(said.contains("option max_connections changes nothing"))
    process.terminate()
    #expect(try await process.result(timeout: 30).end == .exit(0))
  }

  @Test(
    "what is wrong is refused with a sentence",
    arguments: [
      (["--buckets", "2,1"], "--buckets: \"2,1\": bounds must ascend"),
      (["--queue-wait-buckets", "0"], "must be more than 0"),
      (["--metric-prefix", "a-b"], "no name of a metric can begin"),
      (["--static-label", "nothing"], "is no label"), (["--log-level", "LOUD"], "no level"),
      (["--port", "0"], "there is no port 0"), (["--worker-timeout=-1"], "is no number"),
    ])
  func refused(_ arguments: [String], _ sentence: String) async throws {
    let result = try await Taskmon().run(["serve"] + arguments)
    #expect(result.end == .exit(64))
    #expect(result.errorText.contains(sentence), "\(result.errorText)")
  }
}
