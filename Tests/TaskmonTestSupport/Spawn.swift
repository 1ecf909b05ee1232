import Foundation
import Synchronization

/// Held while a descriptor is made and marked close-on-exec, and while a child starts.
///
/// Else a child started between the two would keep a pipe of ours open.
let noStrayDescriptors = Mutex(())

/// Starts a program whose signals are all unblocked and at their defaults.
///
/// Threads of libdispatch block nearly every signal, a child inherits that: without this, a server
/// started by a test would never see SIGTERM. The child has `descriptors` as 0, 1, 2; all others of
/// ours close at exec.
func spawn(
  _ executable: String, _ arguments: [String], environment: [String: String]?, folder: String?,
  descriptors: [Int32]
) throws -> Int32 {
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  posix_spawnattr_setsigmask(&attributes, &none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (target, source) in descriptors.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
  }

  let variables = environment ?? ProcessInfo.processInfo.environment
  let command =
    folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0, executable] }
    ?? [executable]
  let code = withCStrings(command + arguments) { argv in
    withCStrings(variables.map { "\($0.key)=\($0.value)" }) { envp in
      var processID: pid_t = 0
      let code = noStrayDescriptors.withLock { _ in
        posix_spawnp(&processID, command[0], &actions, &attributes, argv, envp)
      }
      return code == 0
        ? Result<Int32, SupportError>.success(processID)
        : .failure(systemError("posix_spawn \(executable)", code))
    }
  }
  return try code.get()
}

private func withCStrings<Value>(
  _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
  let copies = texts.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: copies.count)
  list.initialize(from: copies, count: copies.count)
  defer { list.deallocate() }
  return body(list)
}
