/// A colour: its number among 256, and among the 8 every colour terminal has.
package struct Colour: Sendable, Hashable {
  package var rich: UInt8
  package var basic: UInt8

  package init(_ rich: UInt8, basic: UInt8) {
    self.rich = rich
    self.basic = basic
  }
}

/// How a style looks: colours and attributes; nil is the terminal's own colour.
package struct Appearance: Sendable, Hashable {
  package var foreground: Colour?
  package var background: Colour?
  package var isBold: Bool
  package var isDim: Bool
  package var isReversed: Bool
  package var isUnderlined: Bool

  package init(
    _ foreground: Colour? = nil, on background: Colour? = nil, bold: Bool = false,
    dim: Bool = false, reversed: Bool = false, underlined: Bool = false
  ) {
    self.foreground = foreground
    self.background = background
    isBold = bold
    isDim = dim
    isReversed = reversed
    isUnderlined = underlined
  }
}

/// Gives every role its look.
package struct Theme: Sendable, Equatable {
  private let roles: [Role: Appearance]
  private let selection: Colour?

  package init(_ name: ThemeName) {
    switch name {
    case .dark: (roles, selection) = (Self.dark, Colour(237, basic: 0))
    case .light: (roles, selection) = (Self.light, Colour(254, basic: 7))
    case .colourBlind: (roles, selection) = (Self.colourBlind, Colour(237, basic: 0))
    case .mono: (roles, selection) = (Self.mono, nil)
    }
  }

  /// How a style looks; `colours` is how many the terminal has, fewer than 8 being none.
  package func appearance(of style: Style, colours: Int) -> Appearance {
    guard colours >= 8 else { return Self.drawn(style, from: Self.mono) }
    var look = roles[style.role] ?? Appearance()
    look.isBold = look.isBold || style.isBold
    guard style.isSelected else { return look }
    // With few colours there is no quiet background, so the row is reversed.
    if let selection, colours >= 256 { look.background = selection } else { look.isReversed = true }
    look.isDim = false
    return look
  }

  private static func drawn(_ style: Style, from roles: [Role: Appearance]) -> Appearance {
    var look = roles[style.role] ?? Appearance()
    look.isBold = look.isBold || style.isBold
    if style.isSelected { look.isReversed = true }
    return look
  }

  private static let dark: [Role: Appearance] = [
    .dim: Appearance(Colour(245, basic: 7)),
    .title: Appearance(Colour(117, basic: 6), bold: true),
    .label: Appearance(Colour(109, basic: 6)),
    .code: Appearance(Colour(180, basic: 3)),
    .critical: Appearance(Colour(203, basic: 1), bold: true),
    .warning: Appearance(Colour(221, basic: 3)),
    .info: Appearance(Colour(75, basic: 4)),
    .good: Appearance(Colour(114, basic: 2)),
    .unknown: Appearance(Colour(247, basic: 7)),
    .columnHeader: Appearance(Colour(252, basic: 0), on: Colour(238, basic: 7)),
    .tab: Appearance(Colour(245, basic: 7)),
    .activeTab: Appearance(Colour(231, basic: 7), on: Colour(24, basic: 4), bold: true),
    .footerKey: Appearance(Colour(117, basic: 6)),
    .badge: Appearance(Colour(16, basic: 0), on: Colour(221, basic: 3), bold: true),
  ]

  private static let light: [Role: Appearance] = [
    .dim: Appearance(Colour(242, basic: 0)),
    .title: Appearance(Colour(24, basic: 4), bold: true),
    .label: Appearance(Colour(30, basic: 6)),
    .code: Appearance(Colour(94, basic: 5)),
    .critical: Appearance(Colour(160, basic: 1), bold: true),
    .warning: Appearance(Colour(130, basic: 5), bold: true),
    .info: Appearance(Colour(26, basic: 4)),
    .good: Appearance(Colour(28, basic: 2)),
    .unknown: Appearance(Colour(242, basic: 0)),
    .columnHeader: Appearance(Colour(236, basic: 7), on: Colour(252, basic: 0)),
    .tab: Appearance(Colour(242, basic: 0)),
    .activeTab: Appearance(Colour(231, basic: 7), on: Colour(25, basic: 4), bold: true),
    .footerKey: Appearance(Colour(25, basic: 4)),
    .badge: Appearance(Colour(231, basic: 7), on: Colour(130, basic: 1), bold: true),
  ]

  /// Orange, yellow, and blues: apart in hue and in brightness for every common kind of sight.
  private static let colourBlind: [Role: Appearance] = dark.merging([
    .critical: Appearance(Colour(208, basic: 3), bold: true),
    .warning: Appearance(Colour(228, basic: 3)),
    .info: Appearance(Colour(117, basic: 6)),
    .good: Appearance(Colour(33, basic: 4)),
  ]) { $1 }

  private static let mono: [Role: Appearance] = [
    .dim: Appearance(dim: true),
    .title: Appearance(bold: true),
    .label: Appearance(),
    .critical: Appearance(bold: true),
    .warning: Appearance(bold: true),
    .unknown: Appearance(dim: true),
    .columnHeader: Appearance(bold: true, underlined: true),
    .tab: Appearance(),
    .activeTab: Appearance(bold: true, reversed: true),
    .footerKey: Appearance(bold: true),
    .badge: Appearance(bold: true, reversed: true),
  ]
}
