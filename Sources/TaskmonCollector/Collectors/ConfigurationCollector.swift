import RedisClient
import TaskmonModel

/// Reads what `INFO` does not tell of Redis' configuration.
enum ConfigurationCollector {
  static let name = "configuration"

  /// Whether Redis writes snapshots to disk by itself; nil where it does not say.
  static var reading: Reading<Bool?> {
    Reading(commands: [.configuration("save")]) { (replies) throws(CollectionError) in
      let pair = try replies.reply(0).elements(on: "CONFIG GET save")
      guard pair.count == 2, let rules = pair[1].bytes else { return nil }
      return !rules.isEmpty
    }
  }
}
