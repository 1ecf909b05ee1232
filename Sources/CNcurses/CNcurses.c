#define _GNU_SOURCE
#define NCURSES_WIDECHAR 1
#include "CNcurses.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "Signals.h"

// From <term.h>, whose macros redefine half the alphabet.
extern int setupterm(const char *, int, int *);

static SCREEN *screen;

int32_t cn_check(void) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return CN_NO_TERMINAL;
  const char *term = getenv("TERM");
  int error = 0;
  if (!term || !*term || setupterm(NULL, STDOUT_FILENO, &error) != OK) return CN_UNKNOWN_TERM;
  // newterm takes a terminal that cannot place the cursor all the same.
  const char *address = tigetstr("cup");
  return address && address != (char *)-1 ? CN_USABLE : CN_NO_ADDRESSING;
}

static bool names_a_locale(const char *variable) {
  const char *value = getenv(variable);
  return value && *value;
}

bool cn_locale_is_utf8(void) {
  // The character set alone: how numbers are written is none of the environment's business.
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return true;
  if (names_a_locale("LC_ALL") || names_a_locale("LC_CTYPE") || names_a_locale("LANG"))
    return false;
  return setlocale(LC_CTYPE, "C.UTF-8") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int32_t cn_start(void) {
  // The handlers come first: ncurses then leaves these signals alone.
  int error = cn_signals_install();
  if (error) return error;
  screen = newterm(NULL, stdout, stdin);
  if (!screen) {
    cn_signals_remove();
    return ENODEV;
  }
  set_term(screen);
  cbreak();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);
  curs_set(0);
  mouseinterval(0);
  mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
  if (has_colors()) {
    start_color();
    use_default_colors();
  }
  cn_signals_arm();
  return 0;
}

void cn_stop(void) {
  if (!screen) return;
  endwin();
  cn_signals_disarm();
  delscreen(screen);
  screen = NULL;
  cn_signals_remove();
}

int32_t cn_colours(void) { return screen && has_colors() ? COLORS : 0; }

void cn_size(int32_t *rows, int32_t *columns) { getmaxyx(stdscr, *rows, *columns); }

void cn_resize(void) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col) return;
  resizeterm(size.ws_row, size.ws_col);
  clearok(curscr, TRUE);
}

static int pair_of(int foreground, int background) {
  enum { MOST = 64 };
  static int known[MOST][2];
  static SCREEN *owner;
  static int count;
  if (owner != screen) {
    owner = screen;
    count = 0;
  }
  if (!has_colors() || (foreground < 0 && background < 0)) return 0;
  if (foreground >= COLORS || background >= COLORS) return 0;
  for (int i = 0; i < count; i++)
    if (known[i][0] == foreground && known[i][1] == background) return i + 1;
  if (count == MOST || count + 1 >= COLOR_PAIRS) return 0;
  if (init_pair((short)(count + 1), (short)foreground, (short)background) != OK) return 0;
  known[count][0] = foreground;
  known[count][1] = background;
  return ++count;
}

// One scalar of UTF-8; what is not well-formed is U+FFFD and one byte long.
static size_t decode(const unsigned char *at, size_t left, uint32_t *scalar) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
  *scalar = 0xFFFD;
  if (length == 1) return *scalar = at[0], 1;
  if (at[0] < 0xC2 || at[0] > 0xF4 || length > left) return 1;
  uint32_t value = at[0] & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 1;
    value = value << 6 | (at[i] & 0x3F);
  }
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 1;
  *scalar = value;
  return length;
}

static wchar_t shown(uint32_t scalar) {
  if (scalar < 0x20 || (scalar >= 0x7F && scalar < 0xA0)) return L'?';
  if (scalar < 0x7F) return (wchar_t)scalar;
  if (MB_CUR_MAX == 1) return L'?';
  return wcwidth((wchar_t)scalar) < 0 ? (wchar_t)0xFFFD : (wchar_t)scalar;
}

void cn_put(
    int32_t row, int32_t column, const char *utf8, size_t length, int32_t width,
    uint32_t attributes, int32_t foreground, int32_t background) {
  enum { PIECE = 256 };
  attr_t attribute = A_NORMAL;
  if (attributes & CN_BOLD) attribute |= A_BOLD;
  if (attributes & CN_DIM) attribute |= A_DIM;
  if (attributes & CN_REVERSE) attribute |= A_REVERSE;
  if (attributes & CN_UNDERLINE) attribute |= A_UNDERLINE;
  attr_set(attribute, (short)pair_of(foreground, background), NULL);
  // Where the terminal's idea of a width differs, the cells are at least not left as they were.
  if (length != (size_t)width) mvhline(row, column, ' ' | attribute, width);
  if (move(row, column) != OK) return;
  wchar_t piece[PIECE];
  int filled = 0;
  for (size_t at = 0; at < length;) {
    uint32_t scalar;
    at += decode((const unsigned char *)utf8 + at, length - at, &scalar);
    piece[filled++] = shown(scalar);
    if (filled < PIECE && at < length) continue;
    addnwstr(piece, filled);
    filled = 0;
  }
}

void cn_flush(void) {
  if (!cn_signals_crashed()) refresh();
}

void cn_repaint(void) { clearok(curscr, TRUE); }

void cn_bell(void) { beep(); }

enum { MOST_COPIED = 256 };

static bool is_name(const char *text, size_t length) {
  static const char allowed[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
  if (!length || length > MOST_COPIED) return false;
  for (size_t i = 0; i < length; i++)
    if (!text[i] || !strchr(allowed, text[i])) return false;
  return true;
}

// base64, padded.
static size_t encode(const unsigned char *text, size_t length, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t filled = 0;
  for (size_t at = 0; at < length; at += 3) {
    size_t left = length - at;
    uint32_t group = (uint32_t)text[at] << 16;
    if (left > 1) group |= (uint32_t)text[at + 1] << 8;
    if (left > 2) group |= text[at + 2];
    out[filled++] = digits[group >> 18];
    out[filled++] = digits[group >> 12 & 63];
    out[filled++] = left > 1 ? digits[group >> 6 & 63] : '=';
    out[filled++] = left > 2 ? digits[group & 63] : '=';
  }
  return filled;
}

void cn_copy(const char *text, size_t length) {
  static const char opening[] = "\033]52;c;";
  char sequence[sizeof opening + (MOST_COPIED + 2) / 3 * 4];
  if (!is_name(text, length) || cn_signals_crashed()) return;
  size_t filled = sizeof opening - 1;
  memcpy(sequence, opening, filled);
  filled += encode((const unsigned char *)text, length, sequence + filled);
  sequence[filled++] = '\a';
  for (size_t sent = 0; sent < filled;) {
    ssize_t count = write(STDOUT_FILENO, sequence + sent, filled - sent);
    if (count < 0 && errno != EINTR) return;
    if (count > 0) sent += (size_t)count;
  }
}

void cn_suspend(void) {
  endwin();
  cn_signals_disarm();
  cn_signals_stop_here();
  cn_resume();
}

void cn_resume(void) {
  reset_prog_mode();
  cn_signals_arm();
  cn_resize();
  clearok(curscr, TRUE);
}

int32_t cn_wait(int32_t mail_fd, int32_t milliseconds) {
  struct pollfd doors[3] = {
      {STDIN_FILENO, POLLIN, 0}, {mail_fd, POLLIN, 0}, {cn_signals_fd(), POLLIN, 0}};
  int count = poll(doors, 3, milliseconds);
  int32_t news = 0;
  if (count <= 0) return 0;
  if (doors[0].revents & POLLIN) news |= CN_INPUT;
  else if (doors[0].revents) news |= CN_GONE;
  if (doors[1].revents & POLLIN) news |= CN_MAIL;
  if (doors[2].revents & POLLIN) news |= CN_SIGNAL;
  return news;
}

static int32_t kind_of(wint_t code) {
  switch (code) {
  case KEY_UP: return CN_KEY_UP;
  case KEY_DOWN: return CN_KEY_DOWN;
  case KEY_LEFT: return CN_KEY_LEFT;
  case KEY_RIGHT: return CN_KEY_RIGHT;
  case KEY_PPAGE: return CN_KEY_PAGE_UP;
  case KEY_NPAGE: return CN_KEY_PAGE_DOWN;
  case KEY_HOME: return CN_KEY_HOME;
  case KEY_END: return CN_KEY_END;
  case KEY_BTAB: return CN_KEY_BACK_TAB;
  case KEY_BACKSPACE: return CN_KEY_BACKSPACE;
  case KEY_ENTER: return CN_KEY_ENTER;
  default: return CN_KEY_OTHER;
  }
}

static void read_mouse(cn_key *key) {
  MEVENT event;
  if (getmouse(&event) != OK) return;
  key->row = event.y;
  key->column = event.x;
  if (event.bstate & BUTTON1_PRESSED) key->kind = CN_KEY_CLICK;
  if (event.bstate & BUTTON4_PRESSED) key->kind = CN_KEY_WHEEL_UP;
  if (event.bstate & BUTTON5_PRESSED) key->kind = CN_KEY_WHEEL_DOWN;
}

bool cn_next_key(cn_key *key) {
  wint_t code = 0;
  int result = get_wch(&code);
  if (result == ERR) return false;
  *key = (cn_key){CN_KEY_OTHER, 0, 0, 0};
  if (result == KEY_CODE_YES) {
    if (code == KEY_MOUSE) read_mouse(key);
    else if (code > KEY_F0 && code <= KEY_F(12))
      *key = (cn_key){CN_KEY_FUNCTION, code - KEY_F0, 0, 0};
    else key->kind = kind_of(code);
  } else if (code == '\t') key->kind = CN_KEY_TAB;
  else if (code == '\r' || code == '\n') key->kind = CN_KEY_ENTER;
  else if (code == 27) key->kind = CN_KEY_ESCAPE;
  else if (code == 127 || code == 8) key->kind = CN_KEY_BACKSPACE;
  else if (code > 0 && code < 27) *key = (cn_key){CN_KEY_CONTROL, code + 'a' - 1, 0, 0};
  else if (code >= 32) *key = (cn_key){CN_KEY_CHARACTER, code, 0, 0};
  return true;
}
