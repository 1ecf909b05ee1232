/// What a request is answered with, before it is spelled in HTTP.
struct Answer: Sendable, Equatable {
  enum Status: Int, Sendable {
    case ok = 200
    case badRequest = 400
    case forbidden = 403
    case notFound = 404
    case methodNotAllowed = 405
    case internalServerError = 500
    case serviceUnavailable = 503
  }

  var status: Status
  var contentType: String
  var body: [UInt8]

  static let plainText = "text/plain; charset=utf-8"
  static let html = "text/html; charset=utf-8"
  static let css = "text/css; charset=utf-8"
  static let json = "application/json"

  /// One line for people.
  static func line(_ status: Status, _ text: String) -> Answer {
    Answer(status: status, contentType: plainText, body: Array((text + "\n").utf8))
  }
}

/// The parts of a request that decide its answer.
struct Question: Sendable, Equatable {
  /// In the request line's own spelling; methods are case-sensitive.
  var method: String
  /// Without the query.
  var path: String
  var host: String?
  var accept: String?
}

/// What can be asked for.
enum Endpoint: String, Sendable, CaseIterable {
  case landing = "/"
  case style = "/style.css"
  case metrics = "/metrics"
  case alive = "/-/healthy"
  case ready = "/-/ready"
  case broker = "/health"
  case document = "/api/v1/health"
}
