import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits

/// The console on a snapshot of another time, whose clock stands still.
struct ConsoleReplay {
  var snapshot: Snapshot
  var thresholds: ThresholdOverrides
  var screen: ScreenOptions

  func run() throws {
    let data = data
    if screen.plainCount != nil || Terminal.obstacle != nil {
      Output.write(
        PlainText.render(
          data, view: screen.view, width: 100, ascii: screen.ascii,
          pages: { RuleRegistry.rule($0)?.page }))
      return
    }
    let console = Console(
      data: data,
      options: ConsoleOptions(
        view: screen.view ?? .health, refresh: screen.refresh, followsClock: false),
      pages: { RuleRegistry.rule($0)?.page })
    let reason = try TerminalSession.run(
      console, mailbox: try ConsoleMailbox(),
      settings: TerminalSettings(
        theme: screen.theme, noColour: screen.noColor, ascii: screen.ascii),
      time: SystemClock.source, onEffect: { _ in })
    if case .signal(let number) = reason { Terminal.die(by: number) }
  }

  private var data: ConsoleData {
    let (history, report) = Replay.judged(snapshot, thresholds: thresholds)
    return ConsoleData(
      history: history, report: report, broker: snapshot.broker,
      utcOffset: SystemClock.utcOffset(at: snapshot.takenAt),
      notices: ["replay of \(snapshot.takenAt.iso8601)"])
  }
}
