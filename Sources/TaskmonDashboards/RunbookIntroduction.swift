import TaskmonExposition
import TaskmonHealth
import TaskmonUnits

/// How to install what lies beside the runbook, and what to do first.
enum RunbookIntroduction {
  static var lines: [String] {
    """
    # taskmon runbook

    <!-- Written by `make dashboards`: change the code, not this file. -->

    One heading for each rule of taskmon, and one for each alert on bare metrics. An alert's
    `runbook_url` leads here.

    ## When you have been woken

    1. Read the alert's *subject*: the queue, worker, task or schedule entry it is about.
    2. Ask taskmon for the evidence: `taskmon check --from http://HOST:9808`, or open `taskmon top`,
       choose the finding, press Enter.
    3. Find its heading below: *See it* first, then *What to do*. Why it hurts can wait until
       morning.
    4. If several alerts came together, begin with `\(BrokerUnreachable.id.alertName)`, then
       `\(LostWorker.id.alertName)` and `\(BeatDown.id.alertName)`: the others often follow from
       them.
    5. Silence what you know of, with an end, instead of changing a threshold at night:

           amtool silence add alertname=\(StuckTask.id.alertName) subject=TASK --duration 2h \\
             --comment 'being worked on'

    An alert ends by itself when its cause does. That no alert comes says that all is well only
    while `TaskmonDown`, `TaskmonAbsent` and `TaskmonRuleCannotJudge` are loaded too.

    ## What lies here

    | file | what it is |
    |---|---|
    | `\(AlertFile.name)` | the alerts, for Prometheus 2.26 or newer |
    | `\(AlertFile.testName)` | their proof: `promtool test rules \(AlertFile.testName)` |
    | `\(OverviewDashboard.fileName)` | a Grafana dashboard, for Grafana 10 or newer |
    | `\(Runbook.name)` | this |

    ```yaml
    # prometheus.yml
    rule_files: [\(AlertFile.name)]
    scrape_configs:
      - job_name: celery
        scrape_interval: 15s
        static_configs:
          - targets: ["127.0.0.1:9808"]
    ```

    In Grafana: Dashboards, New, Import, upload `\(OverviewDashboard.fileName)`, choose the data
    source.

    The files link to this runbook by its name. Where yours has an address, have them written with
    it, from a clone of taskmon:

    ```sh
    swift run generate-dashboards --runbook https://wiki.example.org/taskmon /etc/prometheus/taskmon
    ```

    ## How alerts are named

    A rule's alert is its id in one word: `\(StuckTask.id)` is `\(StuckTask.id.alertName)`. It has
    the same name at every severity and differs in its label `severity`, so one silence or one route
    covers both; a subject has one severity at a time. Its labels are those of `taskmon_finding`
    (`rule`, `antipattern`, `subject`), and `kind`: an *incident* is happening now, a *practice* is
    a setting or habit that will hurt. Practices need nobody at night:

    ```yaml
    # alertmanager.yml
    route:
      group_by: [alertname, instance]
      routes:
        - matchers: [severity="critical", kind!="practice"]
          receiver: pager
        - matchers: [severity=~"warning|critical"]
          receiver: chat
    ```

    A critical finding is told after \(FindingAlerts.wait(.critical).compact), a warning after \
    \(FindingAlerts.wait(.warning).compact): rules have waited for their
    own windows by then. An *info* is on the dashboard and never an alert.
    """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
