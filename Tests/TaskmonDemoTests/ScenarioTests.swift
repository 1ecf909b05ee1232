import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonUnits
import Testing

/// Whatever a scenario's story is, its fleet writes what Celery writes.
@Suite struct ScenarioTests {
  private func play(_ name: String, seconds: Double, seed: UInt64 = 5) throws -> Rehearsal {
    let scenario = try #require(ScenarioRegistry.named(name))
    var shop = Rehearsal(DemoOptions(scenario: scenario, tasksPerSecond: 2, seed: seed))
    shop.play(seconds: seconds)
    return shop
  }

  @Test(
    "all messages, events, deliveries and results can be read",
    arguments: ScenarioRegistry.all.map(\.name))
  func readable(_ name: String) throws {
    let shop = try play(name, seconds: 12)
    #expect(shop.sent.count > 20)
    _ = try shop.events()
    let unacked = KeyLayout(database: 0).unacked.bytes
    for command in shop.sent {
      let words = command.arguments
      switch command.name {
      case "LPUSH" where text(words[1]).hasSuffix(".reply.celery.pidbox"):
        _ = try ControlReply(decoding: words[2])
      case "LPUSH":
        let message = try TaskMessage(decoding: words[2])
        #expect(message.task != nil && message.taskID != nil)
      case "HSET" where words[1] == unacked:
        let entry = try UnackedEntry(decoding: words[3])
        #expect(text(words[2]) == entry.message.deliveryTag)
      case "SETEX" where text(words[1]).hasPrefix("celery-task-meta-"):
        let meta = try JSONValue(decoding: words[3])
        #expect("celery-task-meta-\(meta["task_id"]?.string ?? "")" == text(words[1]))
      default: break
      }
    }
  }

  @Test("a scenario's thresholds are set down by lines that can be read")
  func thresholds() {
    for scenario in ScenarioRegistry.all {
      for line in scenario.thresholds {
        #expect(line.wholeMatch(of: #/[a-z-]+\.[a-z0-9-]+=[0-9a-z]+/#) != nil, "\(line)")
        #expect(line.hasPrefix(scenario.name + "."))
      }
    }
  }

  @Test("what comes too late is thrown away unrun")
  func expires() throws {
    let shop = try play("tasks-expiring", seconds: 25)
    var (expired, started): (Set<String>, Set<String>) = ([], [])
    for event in try shop.events() {
      switch event.kind {
      case .taskRevoked(let revocation): expired.insert(revocation.id)
      case .taskStarted(let id): started.insert(id)
      default: break
      }
    }
    #expect(expired.count > 10)
    #expect(expired.isDisjoint(with: started))
  }
}
