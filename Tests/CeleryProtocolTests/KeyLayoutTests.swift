import CeleryProtocol
import RedisClient
import Testing

private let mark = "\u{6}\u{16}"

struct KeyLayoutTests {
  private let plain = KeyLayout(database: 0)
  private let prefixed = KeyLayout(database: 2, globalPrefix: "px:", resultPrefix: "rx:")

  @Test("keys of an ordinary broker are those Celery writes")
  func spellsPlainKeys() {
    #expect(plain.messages(of: "celery").text == "celery")
    #expect(plain.messages(of: "celery", step: 3).text == "celery\(mark)3")
    #expect(plain.unacked.text == "unacked")
    #expect(plain.unackedIndex.text == "unacked_index")
    #expect(plain.unackedMutex.text == "unacked_mutex")
    #expect(plain.bindingDeadlines.text == "_kombu.binding_deadlines")
    #expect(plain.binding(exchange: "celery").text == "_kombu.binding.celery")
    #expect(plain.permanentBinding(exchange: "celery").text == "_kombu.binding_permanent.celery")
    #expect(plain.controlChannel.text == "/0.celery.pidbox")
    #expect(plain.eventPattern.text == "/0.celeryev/*")
    #expect(
      plain.eventChannel(routingKey: "worker.heartbeat").text
        == "/0.celeryev/worker.heartbeat")
    #expect(plain.result(id: "u").text == "celery-task-meta-u")
    #expect(plain.redBeatLock.text == "redbeat::lock")
    #expect(plain.redBeatSchedule.text == "redbeat::schedule")
    #expect(plain.redBeatStatics.text == "redbeat::statics")
    #expect(plain.redBeatEntry("every-2s").text == "redbeat:every-2s")
    #expect(plain.replyList(owner: "o").text == "taskmon-o.reply.celery.pidbox")
  }

  @Test("a global prefix stands before keys and channels, not before what messages spell")
  func spellsPrefixedKeys() {
    #expect(prefixed.messages(of: "celery", step: 6).text == "px:celery\(mark)6")
    #expect(prefixed.unackedIndex.text == "px:unacked_index")
    #expect(prefixed.binding(exchange: "celery").text == "px:_kombu.binding.celery")
    #expect(prefixed.controlChannel.text == "px:/2.celery.pidbox")
    #expect(prefixed.eventPattern.text == "px:/2.celeryev/*")
    #expect(prefixed.replyList(owner: "o").text == "px:taskmon-o.reply.celery.pidbox")
    #expect(prefixed.replyListName(owner: "o") == "taskmon-o.reply.celery.pidbox")
    #expect(prefixed.result(id: "u").text == "rx:celery-task-meta-u")
    #expect(prefixed.redBeatSchedule.text == "redbeat::schedule")
  }

  @Test("scan patterns match a prefix literally")
  func escapesPrefixes() {
    let odd = KeyLayout(database: 0, globalPrefix: "a*[b]?\\:", resultPrefix: "r?:")
    #expect(String(decoding: KeyLayout.anyBindingMatch, as: UTF8.self) == "*_kombu.binding.*")
    #expect(
      String(decoding: odd.resultAndGroupMatch, as: UTF8.self) == "r\\?:celery-task*-meta-*")
    #expect(
      String(decoding: plain.replyListMatch, as: UTF8.self) == "taskmon-*.reply.celery.pidbox")
    #expect(
      String(decoding: odd.anyReplyListMatch, as: UTF8.self)
        == "a\\*\\[b\\]\\?\\\\:*.reply.celery.pidbox")
    #expect(odd.eventPattern.text == "a\\*\\[b\\]\\?\\\\:/0.celeryev/*")
  }

  @Test(
    "a list's key gives back its queue and step",
    arguments: ["celery", "my queue", "it's \"quoted\"", "Größe", "nul\0inside", "a:b", "x.3"])
  func readsListKeys(_ name: String) {
    for layout in [plain, prefixed, KeyLayout(database: 0, separator: ":", prioritySteps: [0, 4])] {
      for step in layout.prioritySteps {
        let key = layout.messages(of: name, step: step)
        #expect(layout.queue(ofListKey: key) == QueueStep(queue: QueueName(name), step: step))
      }
    }
  }

  @Test("a name that is no UTF-8 survives")
  func keepsForeignBytes() {
    let name = QueueName(bytes: [0xFF, 0x00, 0x80])
    let key = prefixed.messages(of: name, step: 9)
    #expect(key.bytes == Array("px:".utf8) + [0xFF, 0x00, 0x80, 6, 0x16] + Array("9".utf8))
    #expect(prefixed.queue(ofListKey: key) == QueueStep(queue: name, step: 9))
  }

  @Test("reply lists and keys of another prefix are no queues")
  func refusesOtherLists() {
    #expect(plain.queue(ofListKey: RedisKey("1-2-3.reply.celery.pidbox")) == nil)
    #expect(prefixed.queue(ofListKey: RedisKey("celery")) == nil)
    #expect(prefixed.queue(ofListKey: RedisKey("px:")) == nil)
    // Not a step of this layout, so it belongs to the name.
    #expect(
      plain.queue(ofListKey: RedisKey("celery\(mark)4"))
        == QueueStep(queue: QueueName("celery\(mark)4"), step: 0))
  }

  @Test("a custom separator and steps are those of kombu's options")
  func spellsCustomSeparator() {
    let layout = KeyLayout(database: 0, separator: ":", prioritySteps: Array(0...9))
    #expect(layout.messages(of: "celery", step: 4).text == "celery:4")
    #expect(layout.messages(of: "celery", step: 0).text == "celery")
  }

  @Test("binding members are read field by field")
  func readsBindings() {
    let cases: [(String, BindingMember?)] = [
      ("celery\(mark)\(mark)celery", BindingMember(routingKey: "celery", queue: "celery")),
      (
        "\(mark)\(mark)w1@vm.celery.pidbox",
        BindingMember(routingKey: "", queue: "w1@vm.celery.pidbox")
      ),
      (
        "worker.#\(mark)\(mark)celeryev.48721525",
        BindingMember(routingKey: "worker.#", queue: "celeryev.48721525")
      ),
      (
        "a.*\(mark)^a\\.[^.]*$\(mark)topic queue",
        BindingMember(routingKey: "a.*", pattern: "^a\\.[^.]*$", queue: "topic queue")
      ),
      ("celery", nil), ("celery\(mark)celery", nil), ("", nil),
    ]
    for (text, expected) in cases {
      #expect(plain.bindingMember(Array(text.utf8)) == expected, "\(text)")
      if let expected { #expect(plain.bytes(of: expected) == Array(text.utf8)) }
    }
    #expect(
      plain.bindingMember([0xFF, 6, 0x16, 6, 0x16, 0xFE])
        == BindingMember(
          routingKey: QueueName(bytes: [0xFF]), queue: QueueName(bytes: [0xFE])))
  }

  @Test("a binding key gives back its exchange, and only task exchanges lead to queues")
  func readsExchanges() {
    #expect(prefixed.exchange(ofBindingKey: RedisKey("px:_kombu.binding.my ex")) == "my ex")
    #expect(plain.exchange(ofBindingKey: RedisKey("_kombu.binding_deadlines")) == nil)
    #expect(plain.exchange(ofBindingKey: RedisKey("_kombu.binding_permanent.celery")) == nil)
    #expect(plain.carriesTasks(exchange: "celery"))
    for other in ["celery.pidbox", "reply.celery.pidbox", "celeryev", "reply.other"] {
      #expect(!plain.carriesTasks(exchange: QueueName(other)), "\(other)")
    }
  }

  @Test("the markers of Celery's presence are the fixed keys, with the prefix")
  func namesPresenceMarkers() {
    #expect(
      prefixed.presenceMarkers.map(\.text) == [
        "px:_kombu.binding_deadlines", "px:_kombu.binding.celery.pidbox",
        "px:_kombu.binding.reply.celery.pidbox", "px:_kombu.binding.celery",
        "px:_kombu.binding.celeryev", "px:unacked", "px:unacked_index", "redbeat::schedule",
      ])
  }

  @Test("a result's key gives back its task")
  func readsResultKeys() {
    #expect(prefixed.taskID(ofResultKey: RedisKey("rx:celery-task-meta-rej-2")) == "rej-2")
    #expect(prefixed.taskID(ofResultKey: RedisKey("celery-task-meta-rej-2")) == nil)
    #expect(plain.taskID(ofResultKey: RedisKey("celery-taskset-meta-x")) == nil)
  }
}

struct EventChannelTests {
  @Test(
    "kombu's fanout options give the channels it publishes on",
    arguments: [
      (KeyLayout.FanoutPrefix.database, true, "/3.celeryev/*", "/3.celery.pidbox"),
      (.none, true, "celeryev/*", "celery.pidbox"),
      (.database, false, "/3.celeryev", "/3.celery.pidbox"),
      (.none, false, "celeryev", "celery.pidbox"),
      (.text("/myapp."), true, "/myapp.celeryev/*", "/myapp.celery.pidbox"),
      (.text("/x{db}-{db}."), true, "/x3-3.celeryev/*", "/x3-3.celery.pidbox"),
    ])
  func spellsVariants(
    _ prefix: KeyLayout.FanoutPrefix, _ patterns: Bool, _ events: String, _ control: String
  ) {
    let layout = KeyLayout(database: 3, fanoutPrefix: prefix, fanoutPatterns: patterns)
    #expect(layout.eventPattern.text == events)
    #expect(layout.controlChannel.text == control)
  }

  @Test(
    "one pattern is chosen from what a discovery heard",
    arguments: [
      ("", ["/0.celeryev/worker.heartbeat", "/0.celeryev/task.multi"], "/0.celeryev/*"),
      ("", ["/1.celeryev/worker.heartbeat"], nil),
      ("", ["/1.celeryev/worker.heartbeat", "/0.celeryev"], "/0.celeryev"),
      ("", ["celeryev/worker.heartbeat"], "celeryev/*"),
      ("", ["celeryev"], "celeryev"),
      ("", ["celeryev", "celeryev/task.sent"], "celeryev*"),
      ("", ["/0.celeryev", "/0.celeryev/task.sent"], "/0.celeryev*"),
      ("", ["/myapp.celeryev/task.sent"], "/myapp.celeryev/*"),
      ("", ["/a.celeryev/x", "/b.celeryev/x", "/b.celeryev/y"], "/b.celeryev/*"),
      ("", ["/b.celeryev/x", "/a.celeryev/x"], "/a.celeryev/*"),
      ("", ["/my[app].celeryev/x"], "/my\\[app\\].celeryev/*"),
      ("", ["/myapp.celeryev/x", "/0.celeryev/x"], "/0.celeryev/*"),
      ("", ["px:/0.celeryev/x"], nil),
      ("px:", ["px:/0.celeryev/x", "/0.celeryev/x"], "px:/0.celeryev/*"),
      ("px:", ["/0.celeryev/x"], nil),
      ("px:", ["px:celeryev/x"], "px:celeryev/*"),
      ("", ["celeryevil", "news"], nil),
      ("", [], nil),
    ] as [(String, [String], String?)])
  func choosesOnePattern(_ prefix: String, _ channels: [String], _ expected: String?) {
    let layout = KeyLayout(database: 0, globalPrefix: prefix)
    #expect(
      layout.eventPattern(forDiscovered: channels.map { RedisKey($0) })?.text == expected)
  }

  @Test(
    "channels that name no database are left to other installations, and to those who are here",
    arguments: [
      (["shop1_celeryev/x"], ["shop1_"], false, nil),
      (["shop1_celeryev/x", "celeryev/x"], ["shop1_"], false, "celeryev/*"),
      (["celeryev/x"], ["", "shop1_"], false, "celeryev/*"),
      (["celeryev/x"], [], true, nil),
      (["celeryev/x", "/0.celeryev"], [], true, "/0.celeryev"),
    ] as [([String], Set<String>, Bool, String?)])
  func leavesOthers(
    _ channels: [String], _ others: Set<String>, _ onlyOwn: Bool, _ expected: String?
  ) {
    let found = KeyLayout(database: 0).eventPattern(
      forDiscovered: channels.map { RedisKey($0) }, others: others, onlyOwn: onlyOwn)
    #expect(found?.text == expected)
  }

  @Test("the longer prefix owns a key that stands behind two")
  func foreignKeys() {
    let key = RedisKey("shop1_q")
    #expect(KeyLayout(database: 0).isForeign(key, others: ["", "shop1_"]))
    #expect(!KeyLayout(database: 0).isForeign(key, others: ["", "shop2_"]))
    #expect(!KeyLayout(database: 0, globalPrefix: "shop1_").isForeign(key, others: ["", "shop1_"]))
    #expect(!KeyLayout(database: 0, globalPrefix: "shop1_").isForeign(key, others: ["shop"]))
  }

  @Test(
    "a pattern that is not the layout's tells the fanout_prefix in use",
    arguments: [
      ("", KeyLayout.FanoutPrefix.database, "/0.celeryev/*", nil),
      ("", .database, "/0.celeryev", nil),
      ("", .database, "celeryev/*", KeyLayout.FanoutPrefix.none),
      ("", .database, "/my\\[app\\].celeryev/*", .text("/my[app].")),
      ("", .none, "/0.celeryev/*", .database),
      ("px:", .database, "px:celeryev", KeyLayout.FanoutPrefix.none),
      ("px:", .database, "other/*", nil),
    ] as [(String, KeyLayout.FanoutPrefix, String, KeyLayout.FanoutPrefix?)])
  func fanoutInUse(
    _ prefix: String, _ given: KeyLayout.FanoutPrefix, _ pattern: String,
    _ expected: KeyLayout.FanoutPrefix?
  ) {
    let layout = KeyLayout(database: 0, globalPrefix: prefix, fanoutPrefix: given)
    #expect(layout.otherFanoutPrefix(inPattern: RedisKey(pattern)) == expected)
  }

  @Test("a channel tells where else Celery speaks")
  func namesSources() {
    let layout = KeyLayout(database: 0)
    let cases: [(String, EventSource?)] = [
      ("/0.celeryev/task.sent", EventSource(keyPrefix: "", database: 0)),
      ("/12.celeryev/task.sent", EventSource(keyPrefix: "", database: 12)),
      ("px:/2.celeryev/worker.online", EventSource(keyPrefix: "px:", database: 2)),
      ("celeryev", EventSource(keyPrefix: "", database: nil)),
      ("/myapp.celeryev/x", EventSource(keyPrefix: "/myapp.", database: nil)),
      (
        "/99999999999999999999.celeryev/x",
        EventSource(keyPrefix: "/99999999999999999999.", database: nil)
      ),
      ("/0.celery.pidbox", nil),
    ]
    for (channel, expected) in cases {
      #expect(layout.eventSource(ofChannel: RedisKey(channel)) == expected, "\(channel)")
    }
    #expect(layout.eventDatabase(ofChannel: RedisKey("/1.celeryev/x")) == 1)
    #expect(layout.eventDiscoveryPattern.text == "*celeryev*")
  }

  @Test("every captured event channel is found by the layout of its broker")
  func findsCapturedChannels() throws {
    for file in Fixture.eventFiles {
      let isPrefixed = file.contains("keyprefix")
      let layout =
        isPrefixed ? KeyLayout(database: 2, globalPrefix: "px:") : KeyLayout(database: 0)
      let channels = try Fixture.rows(file, as: Fixture.Published.self)
        .map { RedisKey($0.channel) }
      #expect(layout.eventPattern(forDiscovered: channels) == layout.eventPattern)
      #expect(channels.contains(layout.controlChannel))
      #expect(channels.contains(layout.eventChannel(routingKey: "worker.heartbeat")))
    }
  }
}
