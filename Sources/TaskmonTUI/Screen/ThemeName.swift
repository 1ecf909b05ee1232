/// The colour schemes to choose from, as `--theme` takes them.
package enum ThemeName: String, Sendable, CaseIterable {
  case dark, light, mono
  case colourBlind = "colour-blind"
}
