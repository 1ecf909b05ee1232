import CeleryProtocol
import Foundation
import RedisClient
import TaskmonUnits
import Testing

struct ScheduleValueTests {
  @Test(
    "a schedule in a worker's configuration is read as Celery prints it",
    arguments: [
      (2.0, .interval(Seconds(2))), (30, .interval(Seconds(30))),
      ("0:00:30", .interval(Seconds(30))), ("1 day, 0:00:00", .interval(Seconds(86400))),
      ("2 days, 3:00:00.500000", .interval(Seconds(183600.5))),
      ("-1 day, 23:59:59.500000", .interval(Seconds(-0.5))),
      ("<freq: 2.00 seconds>", .interval(Seconds(2))),
      ("<freq: 1.50 minutes>", .interval(Seconds(90))),
      ("<freq: 1.00 day>", .interval(Seconds(86400))),
      ("<freq: 1.00 hour>", .interval(Seconds(3600))), ("<freq: now>", .other("<freq: now>")),
      ("<crontab: * * * * * (m/h/dM/MY/d)>", .crontab("* * * * *")),
      (
        "<crontab: */5 1,2 1 2-12/2 mon-fri (m/h/dM/MY/d)>",
        .crontab("*/5 1,2 1 2-12/2 mon-fri")
      ), ("<crontab: [0, 30] {3} * * mon,fri (m/h/dM/MY/d)>", .crontab("0,30 3 * * mon,fri")),
      // Celery before 5.3 prints the day of the week third.
      (
        "<crontab: */5 1,2 mon-fri 1 2-12/2 (m/h/d/dM/MY)>",
        .crontab("*/5 1,2 1 2-12/2 mon-fri")
      ), ("<crontab: 1 2 (m/h/dM/MY/d)>", .other("<crontab: 1 2 (m/h/dM/MY/d)>")),
      (
        "<solar: sunset at latitude -37.8, longitude: 144.9>",
        .other("<solar: sunset at latitude -37.8, longitude: 144.9>")
      ), (.double(.infinity), .other("inf")), (nil, .other("None")),
    ] as [(JSONValue, ScheduleValue)])
  func readsConfiguration(_ value: JSONValue, _ expected: ScheduleValue) {
    #expect(ScheduleValue(configuration: value) == expected)
  }

  @Test(
    "a schedule in RedBeat is read as its encoder writes it",
    arguments: [
      (
        ["__type__": "interval", "every": 2.0, "relative": false], .interval(Seconds(2))
      ),
      (
        [
          "__type__": "crontab", "minute": [0, 30], "hour": 3, "day_of_week": "mon,fri",
          "day_of_month": "1", "month_of_year": "*",
        ], .crontab("0,30 3 1 * mon,fri")
      ), (["__type__": "crontab", "minute": "1"], .other("crontab minute='1'")),
      (["__type__": "interval"], .other("interval")),
      (
        ["__type__": "rrule", "freq": 3, "interval": 1, "wkst": nil, "count": 3],
        .other("rrule DAILY count=3")
      ),
      (
        [
          "__type__": "rrule", "freq": 4, "interval": 2, "byminute": [0, 30],
          "dtstart": 1_767_225_600, "dtstart_tz": 0,
        ], .other("rrule HOURLY interval=2 byminute=[0, 30] dtstart=2026-01-01T00:00:00Z")
      ), (["__type__": "rrule", "freq": 9, "interval": 1], .other("rrule freq=9 interval=1")),
      (["__type__": "weekday", "wkday": 2], .other("weekday wkday=2")), (7, .other("7")),
    ] as [(JSONValue, ScheduleValue)])
  func readsRedBeat(_ value: JSONValue, _ expected: ScheduleValue) {
    #expect(ScheduleValue(redBeat: value) == expected)
  }
}

struct RedBeatTests {
  private func keys() throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Fixture.data("redbeat_keys.json")) as? [String: Any])
  }

  private func entry(_ key: String) throws -> RedBeatEntry {
    let hash = try #require(try keys()[key] as? [String: Any])
    return try RedBeatEntry(
      definition: Array(try #require(hash["definition"] as? String).utf8),
      meta: (hash["meta"] as? String).map { Array($0.utf8) })
  }

  @Test("captured keys lie where the layout says")
  func findsKeys() throws {
    let layout = KeyLayout(database: 0)
    let found = Set(try keys().keys)
    for key in [
      layout.redBeatLock, layout.redBeatSchedule, layout.redBeatStatics,
      layout.redBeatEntry("every-2s"), layout.redBeatEntry("cron-min"),
    ] {
      #expect(found.contains(key.text))
    }
  }

  @Test("captured entries are read with their last run")
  func readsEntries() throws {
    let every = try entry("redbeat:every-2s")
    #expect(every.name == "every-2s" && every.task == "labapp.tiny")
    #expect(every.argumentsText == "1" && every.keywordArgumentsText == "")
    #expect(every.schedule == .interval(Seconds(2)) && every.isEnabled)
    #expect(every.lastRun == Timestamp(secondsSince1970: 1795335451.143377))
    #expect(every.runCount == 6)
    let cron = try entry("redbeat:cron-min")
    #expect(cron.schedule == .crontab("* * * * *") && cron.argumentsText == "2, 2")
    #expect(cron.runCount == nil)
  }

  @Test(
    "a last run's zone is a name or a number of seconds",
    arguments: [
      (#""UTC""#, 1795335451.5), ("10800.0", 1795324651.5), ("-3600", 1795339051.5),
      (#""Europe/Moscow""#, nil), ("1e300", nil),
    ] as [(String, Double?)])
  func readsZones(_ zone: String, _ expected: Double?) throws {
    let meta =
      #"{"last_run_at":{"__type__":"datetime","year":2026,"month":11,"day":22,"#
      + #""hour":8,"minute":17,"second":31,"microsecond":500000,"timezone":\#(zone)}}"#
    let found = try RedBeatEntry(
      definition: Array(#"{"name":"n","task":"t","schedule":{}}"#.utf8), meta: Array(meta.utf8))
    #expect(found.lastRun?.secondsSince1970 == expected)
  }

  @Test("a disabled entry is one, and a broken meta leaves the entry")
  func readsDisabled() throws {
    let found = try RedBeatEntry(
      definition: Array(#"{"name":"n","task":"t","schedule":{},"enabled":false}"#.utf8),
      meta: Array("{".utf8))
    #expect(!found.isEnabled && found.lastRun == nil && found.runCount == nil)
    #expect(throws: DecodeError.missing("task")) {
      try RedBeatEntry(definition: Array(#"{"name":"n"}"#.utf8), meta: nil)
    }
  }

  @Test("the lock's token tells when its holder began and on which host")
  func readsToken() throws {
    let lock = try #require(try keys()["redbeat::lock"] as? [String: Any])
    let text = try #require(lock["value"] as? String)
    let token = try #require(RedBeatToken(Array(text.utf8)))
    #expect(abs(token.createdAt.secondsSince1970 - 1795335439.11281) < 1e-5)
    #expect(token.node == "02fc00000001")
    #expect(RedBeatToken(Array("2283c824-e64d-11f1-a0ce-02fc00000001".utf8)) == token)
  }

  @Test(
    "any other token has no time",
    arguments: [
      "", "lock", "2283c824e64d41f1a0ce02fc00000001", "2283c824e64d11f1a0ce02fc0000000",
      "2283c824e64d11f1a0ce02fc0000000g", "ffffffffffffffffffffffffffffffff",
    ])
  func refusesTokens(_ text: String) {
    #expect(RedBeatToken(Array(text.utf8)) == nil)
  }
}

struct ISOTimeTests {
  @Test(
    "times of every Celery version are read",
    arguments: [
      ("2026-11-22T08:09:01.496505+00:00", 1795334941.496505),
      ("2026-11-22T11:26:33.387507+03:00", 1795335993.387507),
      ("2026-11-22T08:13:02.253595", 1795335182.253595),
      ("2026-02-28T23:59:59-05:30", 1772342999.0), ("2024-02-29T12:00:00Z", 1709208000.0),
      ("1970-01-01 00:00", 0.0), ("1969-12-31T23:59:59.5", -0.5),
    ])
  func reads(_ text: String, _ expected: Double) {
    #expect(Timestamp(iso8601: text)?.secondsSince1970 == expected)
  }

  @Test(
    "what is no time is none",
    arguments: [
      "", "2026", "2026-13-01T00:00:00", "2026-00-01T00:00:00", "2026-01-32T00:00:00",
      "2026-01-01T24:00:00", "2026-01-01T00:60:00", "2026-01-01T00:00:61", "2026-01-01T00:00:00.",
      "2026-01-01T00:00:00+", "2026-01-01T00:00:00+3", "2026-01-01T00:00:00x",
      "20a6-01-01T00:00:00",
      "2026-01-01",
    ])
  func refuses(_ text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }
}
