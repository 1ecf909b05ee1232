import TaskmonUnits

/// The process in the words every Prometheus client uses.
package enum ProcessFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let process = input.process
    return [
      .counter(
        "process_cpu_seconds_total", "User and system time spent.",
        Sample.known(process?.cpu?.value)),
      .gauge(
        "process_resident_memory_bytes", "Resident memory.",
        Sample.known((process?.residentMemory?.value).map(Double.init))),
      .gauge(
        "process_virtual_memory_bytes", "Virtual memory.",
        Sample.known((process?.virtualMemory?.value).map(Double.init))),
      .gauge(
        "process_start_time_seconds", "When the process started, since 1970.",
        Sample.known(process?.startedAt?.secondsSince1970)),
      .gauge("process_open_fds", "Open file descriptors.", Sample.known(process?.openFiles)),
      .gauge(
        "process_max_fds", "File descriptors the process may open.",
        Sample.known(process?.maxFiles)),
    ]
  }
}
