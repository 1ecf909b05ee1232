#pragma once

#include <stdbool.h>

// What happens to the process while it holds the terminal; inside CNcurses only.

// Catches the signals; 0 or an errno.
int cn_signals_install(void);
void cn_signals_remove(void);
// From here on, a crash or an exit puts the terminal back.
void cn_signals_arm(void);
void cn_signals_disarm(void);
// Whether another thread is on its way down: the terminal is back and must stay so.
bool cn_signals_crashed(void);
// Readable while a signal waits to be told.
int cn_signals_fd(void);
// Stops the process with the default action of SIGTSTP, and returns when it goes on.
void cn_signals_stop_here(void);
