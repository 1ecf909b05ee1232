import TaskmonModel
import TaskmonUnits

/// What somebody is about to do, from the first key until it is sent or left.
struct ControlDialog: Sendable, Equatable {
  enum Stage: Sendable, Equatable {
    /// Which of the ways to act without a key of their own.
    case more
    /// Which of these task ids.
    case runs([String])
    /// The target is named, and what is missing is typed.
    case form
  }

  var stage: Stage
  var verb: ControlVerb
  var target: ControlTarget
  var fields: [ControlField] = []
  /// The line chosen, or the typed field that keys go to.
  var cursor = 0
  /// Why it was not sent; nil until somebody has tried.
  var complaint: String?

  init(_ stage: Stage, _ verb: ControlVerb, on target: ControlTarget) {
    self.stage = stage
    self.verb = verb
    self.target = target
    if stage == .form { fields = ControlField.all(for: verb, on: target) }
  }

  /// Indices of the fields to be typed.
  var typed: [Int] { fields.indices.filter { !fields[$0].isFixed } }

  /// Lines are chosen from where nothing is typed.
  var isTyped: Bool { stage == .form && !typed.isEmpty }

  /// What was typed without the spaces around it, and what was named as it is.
  func text(_ name: ControlField.Name) -> String {
    guard let field = fields.first(where: { $0.name == name }) else { return "" }
    return field.isFixed ? field.text : field.text.unpadded
  }
}

/// What the cursor was on.
struct ControlTarget: Sendable, Equatable {
  /// A task's id.
  var id: String?
  /// The id is only what might be meant.
  var idIsProposal = false
  /// A task's name.
  var task: String?
  /// A node name.
  var worker: String?
  var queue: String?
}

/// A value an action needs: named by what the cursor was on, or typed.
struct ControlField: Sendable, Equatable {
  enum Name: Sendable, Equatable {
    case id, task, worker, workers, queue, queueAgain, rate, soft, hard, count

    var label: String {
      switch self {
      case .id: "id"
      case .task: "task"
      case .worker: "worker"
      case .workers: "on workers"
      case .queue: "queue"
      case .queueAgain: "its name"
      case .rate: "rate"
      case .soft: "soft limit"
      case .hard: "hard limit"
      case .count: "by"
      }
    }

    /// What to type, beside it.
    var hint: String {
      switch self {
      case .id, .worker: ""
      case .task: "a task's name"
      case .workers: "node names, or all"
      case .queue: "a queue's name"
      case .queueAgain: "type the queue's name to have it emptied"
      case .rate: "10/s, 100/m, 2/h; 0 for none"
      case .soft, .hard: "90s, 5m; nothing for none"
      case .count: "processes or threads"
      }
    }
  }

  var name: Name
  var text: String
  var isFixed: Bool

  init(_ name: Name, _ text: String? = nil, isFixed: Bool = false) {
    self.name = name
    self.text = text ?? ""
    self.isFixed = isFixed
  }

  /// For every worker that is up.
  static let everybody = "all"

  static func all(for verb: ControlVerb, on target: ControlTarget) -> [ControlField] {
    let workers = ControlField(.workers, target.worker ?? everybody)
    switch verb {
    case .revoke, .terminate:
      return [ControlField(.id, target.id, isFixed: target.id != nil && !target.idIsProposal)]
    case .shutDown: return [ControlField(.worker, target.worker, isFixed: true)]
    case .purge:
      return [ControlField(.queue, target.queue, isFixed: true), ControlField(.queueAgain)]
    case .rateLimit: return [ControlField(.task, target.task), ControlField(.rate), workers]
    case .timeLimit:
      return [ControlField(.task, target.task), ControlField(.soft), ControlField(.hard), workers]
    case .growPool, .shrinkPool: return [ControlField(.count, "1"), workers]
    case .addConsumer, .cancelConsumer: return [ControlField(.queue, target.queue), workers]
    }
  }
}

extension String {
  /// Without the spaces around it.
  var unpadded: String {
    var rest = self[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
