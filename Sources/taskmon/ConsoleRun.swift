import Dispatch
import Glibc
import Logging
import RedisClient
import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits

/// One run of the console, in the terminal where there is one, else as plain text.
struct ConsoleRun {
  var configuration: MonitorConfiguration
  var thresholds: ThresholdOverrides
  var silences = SilenceKeeper(path: nil)
  var screen: ScreenOptions
  /// Things to keep in sight beside the broker's name.
  var notices: [String] = []

  /// While the screen is ours, nobody may write to it.
  private static let silent = Logger(label: "taskmon") { _ in SwiftLogNoOpLogHandler() }

  func run() throws {
    if let count = screen.plainCount { return try printPlain(count) }
    if let obstacle = Terminal.obstacle {
      Complaint.write("\(obstacle); printing one snapshot as text")
      return try printPlain(1)
    }
    try showConsole()
  }

  private var session: Session {
    var configuration = configuration
    configuration.pollInterval = screen.refresh
    return Session(
      configuration, thresholds: thresholds, silences: silences, logger: Self.silent)
  }

  private func data(_ view: SessionView) -> ConsoleData {
    let now = view.history.latest?.takenAt ?? SystemClock.source.now()
    return ConsoleData(
      history: view.history, report: view.report, broker: configuration.identity,
      utcOffset: SystemClock.utcOffset(at: now), notices: allNotices)
  }

  private var allNotices: [String] {
    (configuration.isReadOnly ? ["read-only"] : [])
      + (configuration.allowsControl ? ["control allowed: X T K P A act"] : [])
      + (configuration.skipsVerification ? ["TLS CERTIFICATE NOT CHECKED"] : []) + notices
  }

  // MARK: In the terminal

  private func showConsole() throws {
    let mailbox = try ConsoleMailbox()
    let session = session
    let finished = DispatchSemaphore(value: 0)
    let observing = Task {
      await session.run { view in
        mailbox.post(data(view))
        return true
      }
      finished.signal()
    }
    let empty = SessionView(
      history: SnapshotHistory(),
      report: HealthReport(takenAt: SystemClock.source.now(), observed: .zero),
      firstRoundsDone: false)
    let console = Console(
      data: data(empty),
      options: ConsoleOptions(
        view: screen.view ?? .health, refresh: screen.refresh,
        allowsControl: configuration.allowsControl),
      pages: { RuleRegistry.rule($0)?.page })
    let reason = try TerminalSession.run(
      console, mailbox: mailbox,
      settings: TerminalSettings(
        theme: screen.theme, noColour: screen.noColor, ascii: screen.ascii),
      time: SystemClock.source,
      onEffect: { perform($0, on: session.monitor, telling: mailbox) })
    observing.cancel()
    // The monitor deletes its reply list; Redis may be away, so the wait has an end.
    _ = finished.wait(timeout: .now() + 2)
    if case .signal(let number) = reason { Terminal.die(by: number) }
  }

  private func perform(
    _ effect: Effect, on monitor: Monitor, telling mailbox: ConsoleMailbox
  ) {
    switch effect {
    case .refresh(let every): Task { await monitor.poll(every: every) }
    case .enableEvents(let workers):
      Task { mailbox.tell(ConsoleMessage(await monitor.enableEvents(of: workers))) }
    case .control(let action):
      Task { mailbox.tell(ConsoleMessage(await monitor.perform(action), of: action)) }
    case .silence(let silence): mailbox.tell(silences.message { try silences.add(silence) })
    case .endSilence(let rule, let subject):
      mailbox.tell(silences.message { try silences.end(rule, subject) })
    case .ask(let worker):
      Task { mailbox.post(answer: .answered(await monitor.holdings(of: worker))) }
    case .quit, .repaint, .bell, .copy, .save: break
    }
  }

  // MARK: As text

  private func printPlain(_ count: Int) throws {
    let session = session
    let (reached, signal) = try Blocking.run { () -> Bool in
      let printer = PlainPrinter(count: count, view: screen.view, ascii: screen.ascii) { data($0) }
      await session.run { view in await printer.take(view) }
      return await printer.reached
    }
    if let signal { Terminal.die(by: signal) }
    guard reached else { throw CommandFailure(nil) }
  }
}

/// Prints snapshots as text, the first when rates are known and everything has been asked once.
actor PlainPrinter {
  private let count: Int
  private let view: ViewID?
  private let ascii: Bool
  private let data: @Sendable (SessionView) -> ConsoleData
  private var seen = 0
  private var printed = 0
  private(set) var reached = false

  /// With workers that owe an answer the first round takes a little; no longer than this.
  private static let patience = 6

  init(
    count: Int, view: ViewID?, ascii: Bool, data: @escaping @Sendable (SessionView) -> ConsoleData
  ) {
    self.count = count
    self.view = view
    self.ascii = ascii
    self.data = data
  }

  /// False once all is printed.
  func take(_ view: SessionView) -> Bool {
    guard let snapshot = view.history.latest else { return true }
    if let failure = snapshot.link.failure, snapshot.polledAt == nil {
      guard failure.attempts >= 2 else { return true }
      Complaint.write(failure.sentence)
      return false
    }
    guard snapshot.polledAt != nil else { return true }
    seen += 1
    guard seen >= 2, view.firstRoundsDone || seen >= Self.patience else { return true }
    reached = true
    if printed > 0 { Output.write("\n") }
    Output.write(
      PlainText.render(
        data(view), view: self.view, width: 100, ascii: ascii,
        pages: { RuleRegistry.rule($0)?.page }))
    printed += 1
    return printed < count
  }
}

extension ConsoleMessage {
  /// What became of asking workers for task events.
  init(_ outcome: EventsOutcome) {
    switch outcome {
    case .silent(let reason): self.init("nobody was asked: \(reason)", isRefusal: true)
    case .asked(let agreed, let refused, let silent):
      var parts = agreed.isEmpty ? [] : ["\(agreed.joined(separator: ", ")) will send task events"]
      parts += refused.sorted { $0.key < $1.key }.map { "\($0) refused: \($1)" }
      if !silent.isEmpty { parts.append("no answer from \(silent.joined(separator: ", "))") }
      self.init(
        parts.joined(separator: "; "), isRefusal: !refused.isEmpty || !silent.isEmpty)
    }
  }
}
