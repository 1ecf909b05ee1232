/// Writes families in the two formats.
///
/// They differ in the name of a counter's family, in what HELP escapes, in how a bucket's bound is
/// spelled, in exemplars, and in the last line.
enum ExpositionWriter {
  static func text(of families: [MetricFamily], as format: ExpositionFormat) -> String {
    var out = ""
    for family in families where !family.samples.isEmpty {
      write(family, as: format, to: &out)
    }
    if format == .openMetrics { out += "# EOF\n" }
    return out
  }

  private static func write(
    _ family: MetricFamily, as format: ExpositionFormat, to out: inout String
  ) {
    let name = familyName(family, as: format)
    out += "# HELP \(name) \(escapedHelp(family.help, as: format))\n"
    out += "# TYPE \(name) \(family.kind.rawValue)\n"
    for sample in family.samples {
      switch sample.value {
      case .number(let value): line(family.name, sample.labels, number(value), to: &out)
      case .histogram(let histogram):
        write(histogram, of: family.name, labels: sample.labels, as: format, to: &out)
      }
    }
  }

  private static func write(
    _ histogram: Histogram, of name: String, labels: [Label], as format: ExpositionFormat,
    to out: inout String
  ) {
    let exemplars = format == .openMetrics ? histogram.exemplars : []
    for (place, (bound, count)) in zip(histogram.bounds, histogram.counts).enumerated() {
      let text = number(bound)
      let isWhole = text.utf8.allSatisfy { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e") }
      let le = format == .openMetrics && isWhole ? text + ".0" : text
      line(
        name + "_bucket", labels + [Label("le", le)], "\(count)",
        place < exemplars.count ? exemplars[place] : nil, to: &out)
    }
    line(
      name + "_bucket", labels + [Label("le", "+Inf")], "\(histogram.count)",
      histogram.bounds.count < exemplars.count ? exemplars[histogram.bounds.count] : nil, to: &out)
    line(name + "_sum", labels, number(histogram.sum), to: &out)
    line(name + "_count", labels, "\(histogram.count)", to: &out)
  }

  private static func line(
    _ name: String, _ labels: [Label], _ value: String, _ exemplar: Exemplar? = nil,
    to out: inout String
  ) {
    out += name
    if !labels.isEmpty { write(labels, to: &out) }
    out += " "
    out += value
    if let exemplar {
      out += " # "
      write([exemplar.label], to: &out)
      out += " \(number(exemplar.value)) \(number(exemplar.at))"
    }
    out += "\n"
  }

  private static func write(_ labels: [Label], to out: inout String) {
    out += "{"
    for (index, label) in labels.enumerated() {
      if index > 0 { out += "," }
      out += label.name
      out += "=\""
      escape(label.value, quotes: true, to: &out)
      out += "\""
    }
    out += "}"
  }

  private static func familyName(_ family: MetricFamily, as format: ExpositionFormat) -> String {
    let suffix = "_total"
    guard format == .openMetrics, family.kind == .counter, family.name.hasSuffix(suffix) else {
      return family.name
    }
    return String(family.name.dropLast(suffix.count))
  }

  private static func escapedHelp(_ help: String, as format: ExpositionFormat) -> String {
    var out = ""
    escape(help, quotes: format == .openMetrics, to: &out)
    return out
  }

  private static func escape(_ text: String, quotes: Bool, to out: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quotes: out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
  }

  /// Whole numbers without a fraction, others as the shortest text that reads back the same.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 0x1p53 { return "\(Int64(value))" }
    return "\(value)"
  }
}
