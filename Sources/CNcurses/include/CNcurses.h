#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A terminal as taskmon needs it. No header of ncurses is included here, so that its macros and
// globals stay out of everything that imports this.

// Whether the terminal can be used.
enum { CN_USABLE = 0, CN_NO_TERMINAL = 1, CN_UNKNOWN_TERM = 2, CN_NO_ADDRESSING = 3 };
int32_t cn_check(void);

// Chooses the character set of the environment, C.UTF-8 where it names none.
// True where that is UTF-8.
bool cn_locale_is_utf8(void);

// Takes the terminal over. 0, or the errno of what failed (ENODEV: ncurses would not start).
// Signals SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT and SIGWINCH are told by
// cn_next_signal; a crash restores the terminal before it takes its course.
int32_t cn_start(void);
// Gives the terminal and the signals back; may be called twice.
void cn_stop(void);

// 0 where there are none.
int32_t cn_colours(void);
void cn_size(int32_t *rows, int32_t *columns);
// Reads the window's size anew.
void cn_resize(void);

enum { CN_BOLD = 1, CN_DIM = 2, CN_REVERSE = 4, CN_UNDERLINE = 8 };
// Puts text; a colour of -1 is the terminal's own. Controls never get through: they become '?'.
void cn_put(
    int32_t row, int32_t column, const char *utf8, size_t length, int32_t width,
    uint32_t attributes, int32_t foreground, int32_t background);
void cn_flush(void);
// The next flush draws everything, whatever is believed to be shown.
void cn_repaint(void);
void cn_bell(void);
// Hands 1 to 256 characters of A-Za-z0-9_.:@- to the terminal's clipboard (OSC 52); anything else is
// never sent.
void cn_copy(const char *text, size_t length);

// Stops the process as the terminal's suspend key wants, and comes back after SIGCONT.
void cn_suspend(void);
// Takes the terminal over again after somebody else let the process continue.
void cn_resume(void);

// A pipe that neither blocks nor is inherited. 0, or an errno.
int32_t cn_pipe(int32_t *reading, int32_t *writing);

enum { CN_INPUT = 1, CN_MAIL = 2, CN_SIGNAL = 4, CN_GONE = 8 };
// Waits for keys, a byte on mail_fd or a signal; 0 when the time is over.
int32_t cn_wait(int32_t mail_fd, int32_t milliseconds);
// The next signal that came; 0 where there is none.
int32_t cn_next_signal(void);

enum {
  CN_KEY_CHARACTER = 1, CN_KEY_CONTROL, CN_KEY_ENTER, CN_KEY_ESCAPE, CN_KEY_TAB, CN_KEY_BACK_TAB,
  CN_KEY_BACKSPACE, CN_KEY_UP, CN_KEY_DOWN, CN_KEY_LEFT, CN_KEY_RIGHT, CN_KEY_PAGE_UP,
  CN_KEY_PAGE_DOWN, CN_KEY_HOME, CN_KEY_END, CN_KEY_FUNCTION, CN_KEY_CLICK, CN_KEY_WHEEL_UP,
  CN_KEY_WHEEL_DOWN, CN_KEY_OTHER
};
typedef struct {
  int32_t kind;
  // A Unicode scalar, a lower-case letter for CONTROL, a number for FUNCTION.
  uint32_t code;
  int32_t row;
  int32_t column;
} cn_key;
// False where no key is waiting.
bool cn_next_key(cn_key *key);
