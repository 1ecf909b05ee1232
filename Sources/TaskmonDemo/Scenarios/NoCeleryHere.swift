import TaskmonUnits

extension Scenario {
  /// The shop lives in another database than the one that is looked at.
  static let noCeleryHere = Scenario(
    name: "no-celery-here",
    summary: "the shop is in database 1 and taskmon looks into 0: nothing can be judged there",
    database: 1)
}
