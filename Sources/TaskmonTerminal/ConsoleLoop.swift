import CNcurses
import Glibc
import TaskmonTUI
import TaskmonUnits

/// One session's work between two waits: events in, changed cells out.
struct ConsoleLoop {
  private var console: Console
  private let painter: Painter
  private let isASCII: Bool
  private let onEffect: (Effect) -> Void
  /// What the terminal shows; nil after it was disturbed.
  private var shown: Screen?
  private var lastTick: Timestamp?
  private var isDone = false

  init(
    _ console: Console, settings: TerminalSettings, isASCII: Bool,
    onEffect: @escaping (Effect) -> Void
  ) {
    self.console = console
    self.isASCII = isASCII
    self.onEffect = onEffect
    let hasColour = !settings.noColour && !Terminal.refusesColour
    painter = Painter(
      theme: Theme(settings.theme), colours: hasColour ? Int(cn_colours()) : 0)
    resize()
  }

  /// Puts what changed since it last did; nothing where nothing has.
  mutating func draw() {
    let screen = isASCII ? console.render().inASCII() : console.render()
    let runs = screen.runs(since: shown)
    let isDisturbed = shown == nil
    shown = screen
    guard isDisturbed || !runs.isEmpty else { return }
    for run in runs { painter.put(run) }
    cn_flush()
  }

  /// Why the session ends, where a signal ends it.
  mutating func takeSignals() -> ExitReason? {
    while true {
      switch cn_next_signal() {
      case 0: return isDone ? .quit : nil
      case SIGINT: handle(.key(.control("c")))
      case SIGTSTP:
        cn_suspend()
        resize()
      case SIGCONT:
        cn_resume()
        resize()
      case SIGWINCH:
        cn_resize()
        resize()
      case let number: return .signal(number)
      }
    }
  }

  /// False where the session is over.
  mutating func take(_ mail: ConsoleMailbox.Mail) -> Bool {
    if let data = mail.data { handle(.update(data)) }
    if let message = mail.message { handle(.told(message)) }
    if let answer = mail.answer { handle(answer) }
    return !isDone && !mail.isStopped
  }

  /// False where the session is over.
  mutating func takeKeys() -> Bool {
    var raw = cn_key()
    while !isDone, cn_next_key(&raw) {
      if let event = KeyReader.event(raw) { handle(event) }
    }
    return !isDone
  }

  /// Tells the console the time once in every second.
  mutating func tick(_ now: Timestamp) {
    if let lastTick, lastTick.secondsSince1970.rounded(.down) == now.secondsSince1970.rounded(.down)
    {
      return
    }
    lastTick = now
    handle(.tick(now))
  }

  private mutating func resize() {
    var rows: Int32 = 0
    var columns: Int32 = 0
    cn_size(&rows, &columns)
    shown = nil
    handle(.resize(columns: Int(columns), rows: Int(rows)))
  }

  private mutating func handle(_ event: ConsoleEvent) {
    for effect in console.handle(event) {
      switch effect {
      case .quit: isDone = true
      case .bell: cn_bell()
      case .repaint:
        cn_repaint()
        shown = nil
      case .copy(let text): copy(text)
      case .save(let file): handle(.told(NewFile.message(NewFile.write(file))))
      case .refresh, .enableEvents, .control, .silence, .endSilence, .ask: onEffect(effect)
      }
    }
  }
  private func copy(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        cn_copy(characters.baseAddress, characters.count)
      }
    }
  }
}

/// Hands runs of cells to ncurses in the colours of a theme.
struct Painter {
  let theme: Theme
  let colours: Int

  func put(_ run: CellRun) {
    let look = theme.appearance(of: run.style, colours: colours)
    var text = run.text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        cn_put(
          Int32(clamping: run.row), Int32(clamping: run.column), characters.baseAddress,
          characters.count, Int32(clamping: run.width), attributes(look), number(look.foreground),
          number(look.background))
      }
    }
  }

  private func attributes(_ look: Appearance) -> UInt32 {
    var bits = 0
    if look.isBold { bits |= CN_BOLD }
    if look.isDim { bits |= CN_DIM }
    if look.isReversed { bits |= CN_REVERSE }
    if look.isUnderlined { bits |= CN_UNDERLINE }
    return UInt32(bits)
  }

  private func number(_ colour: Colour?) -> Int32 {
    guard let colour else { return -1 }
    return Int32(colours >= 256 ? colour.rich : colour.basic)
  }
}
