/// A file of `dashboards/`, as the code would write it now.
package struct GeneratedFile: Sendable, Equatable {
  package var name: String
  package var text: String

  /// Every file there is; `runbook` is the address of the runbook, for those who have moved it.
  package static func all(runbook: String = Runbook.name) -> [GeneratedFile] {
    [
      GeneratedFile(name: AlertFile.name, text: AlertFile.rules(runbook: runbook)),
      GeneratedFile(name: AlertFile.testName, text: AlertFile.tests(runbook: runbook)),
      GeneratedFile(name: Runbook.name, text: Runbook.text()),
      GeneratedFile(
        name: OverviewDashboard.fileName, text: OverviewDashboard.dashboard.text(runbook: runbook)),
    ]
  }
}
