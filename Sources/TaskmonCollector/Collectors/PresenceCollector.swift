import CeleryProtocol
import RedisClient
import TaskmonModel

/// Asks which of Celery's fixed keys exist in this database.
enum PresenceCollector {
  static let name = "presence"

  /// The markers found, as read.
  static func reading(layout: KeyLayout) -> Reading<[String]> {
    let markers = layout.presenceMarkers
    return Reading(commands: markers.map { .exists($0) }) { (replies) throws(CollectionError) in
      var found: [String] = []
      for (index, marker) in markers.enumerated() {
        if try replies.reply(index).integer(on: marker.text) > 0 { found.append(marker.text) }
      }
      return found
    }
  }
}
