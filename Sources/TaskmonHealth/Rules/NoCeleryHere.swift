import TaskmonModel
import TaskmonUnits

/// The database that was looked at holds nothing of Celery's: silence there proves nothing.
package struct NoCeleryHere: Rule {
  package static let id: RuleID = "no-celery-here"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(CelerySearch.listening)]
  package static let thresholds: [Threshold] = []
  package static let severities: [Severity] = []
  package static let page = RulePage(
    summary: "This Redis database holds nothing of Celery's, so nothing in it can be judged.",
    whyItHurts: """
      A monitor that looks into the wrong database reports a healthy, empty system for ever. So \
      taskmon says unknown instead: no rule but broker-unreachable is judged here, and check ends \
      with exit code 3.
      """,
    detection: """
      None of the keys that every Celery application leaves in its broker exists here (bindings of \
      celery, celeryev and the control exchange, unacked messages, a RedBeat schedule), a pass \
      over the key space has met no other binding, and no event channel of this database has \
      spoken for 5 s. One worker that starts, or one message that is sent, ends it.
      """,
    blindSpots: """
      An application with a global key prefix looks empty unless --key-prefix is given. An \
      application that has never sent a task and runs no worker cannot be told from no application.
      """,
    confirm: """
      See which databases hold keys, whether Celery's are among them, and where workers speak:

          redis-cli -u redis://HOST:6379/0 INFO keyspace
          redis-cli -u redis://HOST:6379/0 --scan --pattern '*_kombu.binding.*' | head
          redis-cli -u redis://HOST:6379/0 PSUBSCRIBE '*celeryev*'
          celery -A APP report | grep broker_url

      The scan sees one database: repeat it with each number that INFO names. Channels belong to \
      none: /1.celeryev/worker.heartbeat comes from a worker on database 1, and what stands before \
      the slash is its key prefix. Ctrl-C ends it.
      """,
    remedy: """
      Point taskmon at the database and prefix that the application uses:

          taskmon check --broker redis://HOST:6379/1 --key-prefix myapp:

      The prefix is global_keyprefix in broker_transport_options; the database is the number at \
      the end of broker_url.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    switch CelerySearch(scene.snapshot) {
    case .found: .healthy
    case .absent(let sentence), .searching(let sentence), .unreadable(let sentence):
      .unknown(sentence)
    }
  }
}

/// What the search for Celery in this database has come to.
enum CelerySearch {
  case found
  case searching(String)
  case absent(String)
  case unreadable(String)

  /// How long the event channels must have been silent.
  static let listening = Seconds(5)

  init(_ snapshot: Snapshot) {
    guard case .value(let presence) = snapshot.presence else {
      self = .unreadable("Celery's keys: \(snapshot.presence.reason ?? "not read")")
      return
    }
    let heard = snapshot.events.heard.reduce(Seconds.zero) { $0 + $1.length }
    if !presence.markers.isEmpty || presence.heardEvents {
      self = .found
    } else if !presence.scanComplete {
      self = .searching("no sign of Celery here yet; the scan for its keys is not done")
    } else if heard < Self.listening {
      self = .searching(
        "no sign of Celery here yet; needs \(Self.listening.text) of its event channels,"
          + " has \(heard.text)")
    } else {
      self = .absent(Self.sentence(presence, snapshot.broker))
    }
  }

  private static func sentence(_ presence: CeleryPresence, _ broker: BrokerIdentity) -> String {
    let prefix = broker.keyPrefix.isEmpty ? "" : " under the key prefix \"\(broker.keyPrefix)\""
    let here = "no Celery in db \(broker.database)\(prefix)"
    guard !presence.elsewhere.isEmpty else {
      return "\(here): check the database number and the key prefix (--key-prefix)"
    }
    return "\(here); elsewhere on this server: \(presence.elsewhere.joined(separator: ", "))"
  }
}
