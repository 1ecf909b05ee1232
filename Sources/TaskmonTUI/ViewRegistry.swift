/// Every view, in the order of its digit; a view not built yet is not listed and has no tab.
package enum ViewRegistry {
  package static let all: [any ConsoleView.Type] = [
    HealthView.self,
    QueuesView.self,
    WorkersView.self,
    TasksView.self,
    RunningView.self,
    BeatView.self,
    ResultsView.self,
    AuditView.self,
    BrokerView.self,
  ]

  package static func view(_ id: ViewID) -> any ConsoleView.Type {
    all.first { $0.id == id } ?? HealthView.self
  }
}
