import TaskmonExposition
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Names of metrics that are not as usual")
struct MetricNamingTests {
  private static func page(_ change: (inout ExpositionOptions) -> Void) -> [String] {
    var input = Shop.full
    change(&input.options)
    return Shop.text(input).split(separator: "\n").map(String.init)
  }

  @Test("have another prefix, but for our own", arguments: ["shop_", ""])
  func prefix(_ prefix: String) {
    let lines = Self.page { $0.naming.prefix = prefix }
    #expect(lines.contains("# TYPE \(prefix)queue_length gauge"))
    #expect(lines.contains { $0.hasPrefix("\(prefix)task_runtime_bucket{") })
    #expect(lines.contains { $0.hasPrefix("taskmon_up{") })
    #expect(!lines.contains { $0.hasPrefix("celery_") })
  }

  @Test("every series has the labels asked for, unless it has them already")
  func labels() {
    let lines = Self.page {
      $0.naming.labels = [Label("env", "p\"1"), Label("broker", "mine")]
    }.filter { !$0.hasPrefix("#") }
    #expect(lines.allSatisfy { $0.contains(#"env="p\"1""#) })
    #expect(lines.contains { $0.hasPrefix("taskmon_up{broker=\"redis://") })
    #expect(lines.contains(#"taskmon_event_gaps_total{env="p\"1",broker="mine"} 2"#))
  }

  @Test("hosts are hidden, and what they counted is added up", arguments: [true, false])
  func hosts(isSender: Bool) {
    let lines = Self.page {
      $0.naming.hidesSender = isSender
      $0.naming.hidesWorker = !isSender
    }
    func line(_ kind: String, _ host: String, _ count: Int) -> String {
      "celery_task_\(kind)_total{name=\"shop.pay\",hostname=\"\(host)\","
        + "queue_name=\"celery\"} \(count)"
    }
    #expect(lines.contains(line("sent", isSender ? "generic" : "web", 130)))
    #expect(lines.contains(line("received", isSender ? "w1" : "generic", 120)))
    #expect(lines.contains { $0.hasPrefix("celery_worker_up{hostname=\"w1\"") })
  }

  @Test("a worker is gone when the time given is over")
  func timeout() {
    let name = #"celery_worker_alive{worker="celery@w2"}"#
    #expect(Self.page { _ in }.contains(name + " 0"))
    #expect(Self.page { $0.workerTimeout = .minutes(21) }.contains(name + " 1"))
  }

  @Test(
    "a prefix and a label are told from other text",
    arguments: [
      ("a=b", "a", "b"), ("a_1=", "a_1", ""), ("a=b=c", "a", "b=c"), ("=b", nil, nil),
      ("1a=b", nil, nil), ("a", nil, nil), ("a b=c", nil, nil), ("le=1", nil, nil),
      ("__a=1", nil, nil),
    ] as [(String, String?, String?)])
  func reading(_ text: String, _ name: String?, _ value: String?) {
    let label = MetricNaming.label(text)
    #expect(label?.name == name && label?.value == value)
    #expect(MetricNaming.isPrefix("a:b_1") && MetricNaming.isPrefix(""))
    #expect(!MetricNaming.isPrefix("1a") && !MetricNaming.isPrefix("a-b"))
  }
}
