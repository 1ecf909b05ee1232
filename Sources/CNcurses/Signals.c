#define _GNU_SOURCE
#define NCURSES_WIDECHAR 1
#include "Signals.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "CNcurses.h"

static const int told[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
static const int fatal[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
enum { TOLD = sizeof told / sizeof *told, FATAL = sizeof fatal / sizeof *fatal };

static struct sigaction told_before[TOLD], fatal_before[FATAL];
static int32_t channel[2] = {-1, -1};
static volatile sig_atomic_t armed;
static volatile sig_atomic_t crashed;
static bool installed;

// Everything the way back needs is made ready beforehand: a crash may allocate nothing.
static struct termios modes_before;
static char way_back[256];
static size_t way_back_length;

static void tell(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe has enough to tell already.
  if (write(channel[1], &byte, 1) < 0) errno = saved;
  errno = saved;
}

// Safe in a signal handler.
static void put_terminal_back(void) {
  if (!armed) return;
  armed = 0;
  // A process in the background must not touch the terminal: it belongs to somebody else.
  if (tcgetpgrp(STDOUT_FILENO) != getpgrp()) return;
  for (size_t done = 0; done < way_back_length;) {
    ssize_t count = write(STDOUT_FILENO, way_back + done, way_back_length - done);
    if (count <= 0) break;
    done += (size_t)count;
  }
  tcsetattr(STDIN_FILENO, TCSANOW, &modes_before);
}

static void crash(int number, siginfo_t *info, void *context) {
  (void)context;
  crashed = 1;
  put_terminal_back();
  // What was there before takes over, be it a backtrace or the default action.
  for (int i = 0; i < FATAL; i++)
    if (fatal[i] == number) sigaction(number, &fatal_before[i], NULL);
  // A fault comes again by itself when its instruction runs again.
  if (info->si_code > 0 && number != SIGTRAP && number != SIGABRT) return;
  // All else is sent again, and once more for a handler that counts on a second fault.
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_UNBLOCK, &one, NULL);
  raise(number);
  signal(number, SIG_DFL);
  raise(number);
}

static void add_way_back(const char *capability) {
  const char *text = tigetstr(capability);
  if (!text || text == (char *)-1) return;
  size_t length = strlen(text);
  if (way_back_length + length > sizeof way_back) return;
  memcpy(way_back + way_back_length, text, length);
  way_back_length += length;
}

static void make_way_back(void) {
  static const char mouse_off[] = "\033[?1000l\033[?1006l";
  way_back_length = 0;
  const char *mouse = tigetstr("kmous");
  if (mouse && mouse != (char *)-1) {
    memcpy(way_back, mouse_off, sizeof mouse_off - 1);
    way_back_length = sizeof mouse_off - 1;
  }
  add_way_back("sgr0");
  add_way_back("rmkx");
  add_way_back("rmcup");
  add_way_back("cnorm");
  // What the shell says next begins at the left.
  add_way_back("cr");
}

int32_t cn_pipe(int32_t *reading, int32_t *writing) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return errno;
  *reading = ends[0];
  *writing = ends[1];
  return 0;
}

int cn_signals_install(void) {
  if (installed) return 0;
  int error = channel[0] >= 0 ? 0 : cn_pipe(&channel[0], &channel[1]);
  if (error) return error;
  if (tcgetattr(STDIN_FILENO, &modes_before) != 0) return errno;
  static bool leaves_by_exit;
  if (!leaves_by_exit) leaves_by_exit = atexit(put_terminal_back) == 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = tell;
  action.sa_flags = SA_RESTART;
  for (int i = 0; i < TOLD; i++) sigaction(told[i], &action, &told_before[i]);
  action.sa_sigaction = crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < FATAL; i++) sigaction(fatal[i], &action, &fatal_before[i]);
  installed = true;
  return 0;
}

void cn_signals_remove(void) {
  if (!installed) return;
  for (int i = 0; i < TOLD; i++) sigaction(told[i], &told_before[i], NULL);
  for (int i = 0; i < FATAL; i++) sigaction(fatal[i], &fatal_before[i], NULL);
  installed = false;
}

void cn_signals_arm(void) {
  make_way_back();
  armed = 1;
}

void cn_signals_disarm(void) { armed = 0; }

bool cn_signals_crashed(void) { return crashed != 0; }

int cn_signals_fd(void) { return channel[0]; }

int32_t cn_next_signal(void) {
  unsigned char byte = 0;
  return read(channel[0], &byte, 1) == 1 ? byte : 0;
}

void cn_signals_stop_here(void) {
  struct sigaction standard, ours;
  memset(&standard, 0, sizeof standard);
  sigemptyset(&standard.sa_mask);
  standard.sa_handler = SIG_DFL;
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  sigaction(SIGTSTP, &standard, &ours);
  pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  // In a group without a shell to wake it up the kernel ignores this, and the console goes on.
  raise(SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  sigaction(SIGTSTP, &ours, NULL);
}
