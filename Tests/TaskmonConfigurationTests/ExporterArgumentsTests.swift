import TaskmonConfiguration
import Testing

@Suite("The flags and variables of celery-exporter")
struct ExporterArgumentsTests {
  @Test(
    "are put into our words",
    arguments: [
      (
        ["serve", "--broker-url", "redis://h"], ["serve", "--broker", "redis://h", "--as-exporter"]
      ),
      (["serve", "--broker-url=redis://h"], ["serve", "--broker=redis://h", "--as-exporter"]),
      (
        ["serve", "-Q", "a, b", "--port", "1"], ["serve", "--queue=a", "--queue=b", "--port", "1"]
      ),
      (["serve", "--queues=a"], ["serve", "--queue=a"]), (["serve", "-Q"], ["serve", "--queue"]),
      (["demo", "--queues", "4"], ["demo", "--queues", "4"]), ([], []),
    ] as [([String], [String])])
  func translated(_ typed: [String], _ wanted: [String]) {
    #expect(ExporterArguments.translated(typed) == wanted)
  }

  @Test("a broker in its variable means that it is expected")
  func marked() {
    let environment = ["CE_BROKER_URL": "redis://h"]
    #expect(
      ExporterArguments.translated(["serve"], environment: environment)
        == ["serve", "--as-exporter"])
    #expect(ExporterArguments.translated(["top"], environment: environment) == ["top"])
  }

  @Test(
    "variables become flags, several values apart where it reads them so",
    arguments: [
      (["CE_BROKER_URL": "redis://h"], ["--broker=redis://h"]),
      (["CE_BROKER_URL": "redis://h", "TASKMON_BROKER": "redis://o"], ["--broker=redis://o"]),
      (["CE_STATIC_LABEL": "a=b c=d,e"], ["--static-label=a=b", "--static-label=c=d,e"]),
      (["TASKMON_STATIC_LABEL": "a=b,c=d e"], ["--static-label=a=b", "--static-label=c=d e"]),
      (["CE_QUEUES": "a,b"], ["--queue=a", "--queue=b"]),
      (["CE_PORT": "9999", "CE_HOST": "::1"], ["--host=::1", "--port=9999"]),
      (
        ["CE_GENERIC_HOSTNAME_TASK_SENT_METRIC": "true", "CE_WORKER_TIMEOUT": "300"],
        ["--worker-timeout=300", "--generic-hostname-task-sent-metric"]
      ),
    ])
  func variables(_ environment: [String: String], _ wanted: [String]) throws {
    #expect(try Configuration(environment: environment).flags(for: .serve, given: []) == wanted)
  }
}
