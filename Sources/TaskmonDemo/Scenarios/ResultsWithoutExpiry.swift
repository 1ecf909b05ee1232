import TaskmonUnits

extension Scenario {
  /// `result_expires = 0`: each result stays for ever.
  static let resultsWithoutExpiry = Scenario(
    name: "results-without-expiry",
    summary: "results of billing.sync never expire and fill Redis: look at the Results view",
    acts: [
      Act(every: .minutes(1)) { fleet, now in
        for second in 1...60 {
          fleet.leaveResult(
            of: "billing.sync", by: "celery@worker-1", expires: false,
            at: now - .seconds(Double(second)))
        }
      }
    ])
}
