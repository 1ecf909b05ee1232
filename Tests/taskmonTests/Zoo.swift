import TaskmonTestSupport

/// One rule on real Celery: what shows it, and what looks like it and is none.
struct ZooCase: Sendable {
  let rule: String
  /// The finding, in words.
  let found: String
  /// Evidence that a person would go and look at.
  let evidence: [String]
  /// The program in Tests/celery that makes the mistake; how it is started stands in its head.
  let program: String
  /// The suite that starts it and finds it.
  let suite: String
  /// The nearest one that is innocent, which is running in the same suite or in the named one.
  let neighbour: String

  init(
    _ found: String, _ evidence: [String] = [], by program: String, in suite: String,
    not neighbour: String
  ) {
    self.found = found
    self.evidence = evidence
    self.program = program
    self.suite = suite
    self.neighbour = neighbour
    rule = String(found.split(separator: " ")[1])
  }
}

/// Every rule with the program that proves it.
enum Zoo {
  static let cases: [ZooCase] = workers + tasks + beats + broker + practices + troubles

  /// The case of a rule.
  static func of(_ rule: String) throws -> ZooCase {
    guard let found = cases.first(where: { $0.rule == rule }) else {
      throw SupportError("no case of \(rule) in the zoo")
    }
    return found
  }

  /// Those of a program whose whole list is what its test waits for.
  static func cases(of program: String) -> [ZooCase] { cases.filter { $0.program == program } }

  private static let workers = [
    ZooCase(
      "critical lost-worker doomed@works", by: "accidents.py", in: "RuleLiveTests",
      not: "reports@market in HealthyShopLiveTests, a solo worker in tasks of a minute"),
    ZooCase(
      "critical orphaned-task accidents.hold", by: "accidents.py", in: "RuleLiveTests",
      not: "what the stopped workers of HealthyShopLiveTests finish or give back"),
    ZooCase(
      "warning worker-child-killed main@works", by: "accidents.py", in: "RuleLiveTests",
      not: "accidents.fail, whose failures kill nobody"),
    ZooCase(
      "info events-disabled mute@works", by: "accidents.py", in: "RuleLiveTests",
      not: "doomed@works, which has told of its one task"),
    ZooCase(
      "warning worker-without-tasks empty@office", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "desk@office, which knows one"),
    ZooCase(
      "warning no-time-limit desk@office", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "empty@office, which has nothing to limit"),
    ZooCase(
      "critical eager-execution eager@office", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "desk@office, which runs what it is sent"),
    ZooCase(
      "warning print-in-task loud@desk", by: "talkative.py", in: "WorkerLogsLiveTests",
      not: "calm@desk and clear@desk, which log"),
  ]

  private static let tasks = [
    ZooCase(
      "critical stuck-task antipatterns.sync_ledger", by: "antipatterns.py",
      in: "AntipatternsLiveTests", not: "market.report in HealthyShopLiveTests, within its limit"),
    ZooCase(
      "critical oversized-result antipatterns.export_orders", by: "antipatterns.py",
      in: "AntipatternsLiveTests", not: "antipatterns.refresh_prices, which stores numbers"),
    ZooCase(
      "critical high-failure-rate accidents.fail", by: "accidents.py", in: "RuleLiveTests",
      not: "accidents.reject and accidents.ignore"),
    ZooCase(
      "warning retry-storm accidents.knock", by: "accidents.py", in: "RuleLiveTests",
      not: "accidents.poll, which retries without an exception"),
    ZooCase(
      "warning tasks-expiring accidents.refresh", by: "accidents.py", in: "RuleLiveTests",
      not: "accidents.cancelled, which was revoked"),
    ZooCase(
      "warning failure-without-retry habits.charge", by: "habits.py", in: "HabitRulesLiveTests",
      not: "habits.charge_again, and habits.refuse, whom no retry helps"),
    ZooCase(
      "warning duplicate-execution habits.pack", by: "habits.py", in: "HabitRulesLiveTests",
      not: "habits.swap, habits.poll, habits.daily and habits.hear"),
    ZooCase(
      "critical async-in-task habits.fetch", by: "habits.py", in: "HabitRulesLiveTests",
      not: "habits.tidy"),
    ZooCase(
      "warning message-bus habits.on_order", by: "habits.py", in: "HabitRulesLiveTests",
      not: "habits.scan, the same to all as one group"),
    ZooCase(
      "info fragile-task careless.fetch", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "shop.print_label in HealthyShopLiveTests"),
    ZooCase(
      "critical unregistered-task careless.fetsh", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "market.wrap_gift in HealthyShopLiveTests, new with a release"),
  ]

  private static let beats = [
    ZooCase(
      "critical multiple-beats refresh-prices", by: "antipatterns.py",
      in: "AntipatternsLiveTests", not: "two RedBeats in BeatsLiveTests, of which one waits"),
    ZooCase(
      "critical beat-down beat", by: "shop.py", in: "BeatRulesLiveTests",
      not: "the beat of HealthyShopLiveTests that is stopped and started"),
    ZooCase(
      "warning beat-late rotate-banner", by: "shop.py", in: "BeatRulesLiveTests",
      not: "an entry saved while beat runs, in BeatsLiveTests"),
    ZooCase(
      "warning beat-without-lock beat", by: "careless.py", in: "BeatRulesLiveTests",
      not: "careless:renamed, whose lock has another name"),
    ZooCase(
      "warning beat-runs-work crunch", by: "beats.py", in: "BeatsLiveTests",
      not: "tick of the same beat, which is sent"),
  ]

  private static let broker = [
    ZooCase(
      "critical broker-unreachable broker", by: "incidents.py", in: "BrokerIncidentLiveTests",
      not: "the same Redis when it is back"),
    ZooCase(
      "critical broker-flushed broker", by: "incidents.py", in: "BrokerIncidentLiveTests",
      not: "a restart with all its data"),
    ZooCase(
      "warning broker-evicts broker", by: "incidents.py", in: "BrokerIncidentLiveTests",
      not: "noeviction and full"),
    ZooCase(
      "warning broker-memory-high broker", by: "incidents.py", in: "BrokerIncidentLiveTests",
      not: "the same Redis with room again"),
    // It is a gate, and told as what is unknown.
    ZooCase(
      "unknown no-celery-here broker", by: "incidents.py", in: "FaultLiveTests",
      not: "the database of the same Redis that has one"),
    ZooCase(
      "warning binding-missing orders", by: "careless.py", in: "RegistryRulesLiveTests",
      not: "the same queue while its exchange lists it"),
    ZooCase(
      "warning queue-without-consumers archive", by: "antipatterns.py",
      in: "AntipatternsLiveTests", not: "exports in HealthyShopLiveTests, scaled from zero"),
  ]

  /// All of one run; its neighbours are the same program with good habits, side by side.
  private static let practices: [ZooCase] = rows(
    by: "zoo/practices.py",
    [
      ("info broker-not-persistent broker", ["appendOnly", "snapshots"], "a Redis with its AOF"),
      (
        "info idle-fleet broker", ["quietSeconds", "workers", "tasksRegistered"],
        "a part of a chord every four seconds"
      ),
      (
        "warning connections-near-limit broker", ["connectedClients", "maxClients", "share"],
        "two thirds of the connections"
      ),
      (
        "warning leaked-reply-queues broker", ["lists", "listsBytes", "withoutExpiry"],
        "questions that wait for their answers"
      ),
      (
        "warning oversized-message uploads", ["largestBytes", "largeMessages", "where"],
        "twenty messages of 40 kB"
      ),
      (
        "warning queue-explosion broker", ["queues", "commonPrefix", "withCommonPrefix"],
        "195 queues of users"
      ),
      (
        "warning results-without-expiry broker", ["withoutExpiry", "seen", "tasks"],
        "results that expire"
      ),
      (
        "warning split-registry thumbnails", ["tasks", "knownBy", "notKnownBy"],
        "a worker that knows another task besides"
      ),
      ("warning stuck-chord practices.part", ["groupID", "partsDone", "parts"], "a slow chord"),
      (
        "warning visibility-timeout-too-short practices.remind",
        ["taskID", "visibilityTimeoutSeconds", "etaInSeconds", "handedOutAgainAt"],
        "an eta in 50 minutes"
      ),
    ], with: ", HABITS=good")

  /// All of one run, with their neighbours.
  private static let troubles: [ZooCase] = rows(
    by: "zoo/troubles.py",
    [
      (
        "critical stalled-worker deaf@zoo", ["pid", "queue", "ready", "headTaskID", "processed"],
        "limited@zoo, which holds rate-limited tasks"
      ),
      ("warning clock-skew ahead@zoo", ["behindSeconds", "heartbeats"], "near@zoo, 8 s ahead"),
      (
        "warning prefetch-hoarding hoarder@zoo", ["held", "longestHeldTaskID", "idleWorker"],
        "modest@zoo, which is full and holds nothing"
      ),
      (
        "warning queue-backlog flood",
        ["ready", "readyBefore", "taken", "drainSeconds", "workers"],
        "bulk, which came at once and drains"
      ),
      (
        "warning queue-stale late", ["ageSeconds", "ageKnownFrom", "headTaskID"],
        "planned, whose message is not due"
      ),
    ])

  private static func rows(
    by program: String, _ rows: [(String, [String], String)], with mode: String = ""
  ) -> [ZooCase] {
    rows.map { found, evidence, neighbour in
      ZooCase(found, evidence, by: program, in: "ZooLiveTests", not: neighbour + mode)
    }
  }
}
