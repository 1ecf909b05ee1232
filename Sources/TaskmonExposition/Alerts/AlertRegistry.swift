/// Every alert that is made, in the groups a rule file has them in.
package enum AlertRegistry {
  package static let groups = [
    AlertGroup(
      name: "taskmon-findings", summary: "What the rules find: one alert per rule and severity.",
      alerts: FindingAlerts.all(), isProvedTogether: true),
    AlertGroup(
      name: "taskmon-itself",
      summary: "Whether taskmon is there and can see: without these, silence proves nothing.",
      alerts: SelfAlerts.all),
    AlertGroup(
      name: "celery-metrics",
      summary: "Bare numbers, for those who want them besides the findings.",
      alerts: CeleryAlerts.all),
  ]

  package static var all: [Alert] { groups.flatMap(\.alerts) }
}
