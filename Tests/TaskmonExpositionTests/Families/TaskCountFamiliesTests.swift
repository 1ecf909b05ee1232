import TaskmonExposition
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Metrics of task events")
struct TaskCountFamiliesTests {
  private static let labels = #"{name="shop.pay",hostname="w1",queue_name="celery"}"#

  @Test(
    "count what happened under the names and labels that dashboards know",
    arguments: [
      ("sent", 0), ("received", 120), ("started", 110), ("succeeded", 90), ("rejected", 1),
      ("revoked", 3), ("retried", 7),
    ])
  func counters(_ kind: String, _ count: Int) {
    let lines = Shop.lines("celery_task_\(kind)_total", in: Shop.full)
    #expect(lines.contains("celery_task_\(kind)_total\(Self.labels) \(count)"))
    #expect(lines.count == 2, "a label set has all its counters")
  }

  @Test("add up the workers of one host")
  func hosts() {
    let lines = Shop.lines("celery_task_received_total", in: Shop.full)
    #expect(
      lines == [
        #"celery_task_received_total{name="shop.pay",hostname="web",queue_name="celery"} 0"#,
        "celery_task_received_total\(Self.labels) 120",
      ])
  }

  @Test("name the class of what failed, and say so where none was named")
  func failures() {
    let lines = [("UnknownException", 1), ("KeyError", 5)].map { name, count in
      #"celery_task_failed_total{name="shop.pay",hostname="w1",exception="\#(name)","#
        + #"queue_name="celery"} \#(count)"#
    }
    #expect(Shop.lines("celery_task_failed_total", in: Shop.full) == lines)
  }

  @Test("sum the buckets of runs and waits up")
  func histograms() {
    let name = "celery_task_runtime"
    let buckets = Shop.lines("\(name)_bucket", in: Shop.full)
    #expect(buckets.count == 15)
    #expect(buckets.first?.hasSuffix(#"queue_name="celery",le="0.005"} 10"#) == true)
    #expect(buckets[13].hasSuffix(#"queue_name="celery",le="10"} 85"#))
    #expect(buckets.last?.hasSuffix(#"queue_name="celery",le="+Inf"} 90"#) == true)
    #expect(Shop.lines("\(name)_sum", in: Shop.full) == ["\(name)_sum\(Self.labels) 432.5"])
    #expect(Shop.lines("\(name)_count", in: Shop.full) == ["\(name)_count\(Self.labels) 90"])
    #expect(Shop.lines("celery_task_queue_wait_time_bucket", in: Shop.full).count == 15)
  }

  @Test("name a run of each bucket in OpenMetrics, the latest of a host, and only there")
  func exemplars() {
    let lines = Shop.text(Shop.full, as: .openMetrics).split(separator: "\n").filter {
      $0.contains(" # ")
    }.filter { !$0.hasPrefix("#") }
    let run = #"# {task_id="5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11"} 0.004 1767323025.678"#
    #expect(lines.count == 2)
    #expect(lines.first?.hasSuffix("} 10 \(run)") == true)
    #expect(
      lines.last?.hasSuffix(#"le="+Inf"} 90 # {task_id="a \"b\" \\ é"} 850.5 1767323016.178"#)
        == true)
    #expect(!Shop.text(Shop.full).contains("task_id"))
  }

  @Test("leave out an id that is too long for an exemplar", arguments: [(121, 1), (122, 0)])
  func longIDs(length: Int, count: Int) {
    var statistics = Shop.tasks
    statistics.series = statistics.series.map { series in
      var series = series
      series.runtime.exemplars = series.runtime.counts.map { _ in
        TimeExemplar(
          taskID: String(repeating: "é", count: length), time: Seconds(1), at: Shop.now)
      }
      return series
    }
    var snapshot = Shop.snapshot()
    snapshot.tasks = .value(statistics)
    let lines = Shop.text(Shop.input(snapshot), as: .openMetrics).split(separator: "\n")
    #expect(lines.filter { $0.contains("task_id") }.count == count * 15)
  }

  @Test("count executions that were one too many, by task")
  func duplicates() {
    #expect(
      Shop.lines("celery_task_duplicate_executions_total", in: Shop.full) == [
        #"celery_task_duplicate_executions_total{name="shop.pay"} 2"#
      ])
  }

  @Test("count messages that were received again, by queue")
  func redelivered() {
    #expect(
      Shop.lines("celery_queue_messages_redelivered_total", in: Shop.full).map {
        $0.split(separator: " ").last
      } == ["4"])
  }

  @Test("say nothing where the event channel was not heard")
  func unheard() {
    var input = Shop.full
    var snapshot = Shop.snapshot()
    snapshot.tasks = .unavailable("the event channel was not heard yet")
    input.history.absorb(snapshot)
    #expect(!Shop.text(input).contains("celery_task_received"))
    #expect(!Shop.text(input).contains("celery_task_runtime"))
  }

  @Test("say how often there was no room for a series of its own")
  func dropped() {
    var statistics = Shop.tasks
    statistics.droppedSeries = 17
    var snapshot = Shop.snapshot()
    snapshot.tasks = .value(statistics)
    #expect(
      Shop.lines("taskmon_series_dropped_total", in: Shop.input(snapshot)) == [
        #"taskmon_series_dropped_total{family="celery_task"} 17"#
      ])
  }
}
