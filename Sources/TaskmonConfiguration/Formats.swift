/// How `check` answers.
package enum CheckFormat: String, Sendable, CaseIterable {
  case text, nagios, json, prometheus
}
