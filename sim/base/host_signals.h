/*
 * Signals of the host. Those that ask the process to end (HUP, INT, QUIT, PIPE, TERM, XCPU) or concern its terminal
 * (TSTP, CONT) end nothing by themselves: each stays pending until whoever runs the machine looks for it, so that a run
 * ends in order. The kernel keeps which are pending; whatever was ignored when the process began stays ignored.
 */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct termios;

/* From the start: a fault of our own (SIGSEGV, SIGABRT...) gives the terminal back, says how to report it and exits with
 * `fault_status`; a signal that asks to end does so at once, with a line and 128 + its number. */
void host_signals_begin(int fault_status);
/* From now on those that ask to end, and the terminal's, stay pending. System calls that wait are interrupted. */
void host_signals_hold(void);

/* The pending signal that asks to end, of lowest number; 0: none. It stays pending. */
int host_signals_ending(void);
/* Is it pending? Then it is no longer. */
bool host_signals_take(int number);
/* Between the two, what a write to a socket whose reader is gone raises asks nobody to end. */
struct held_pipe {
	sigset_t mask;
	bool pending; /* it had come for another reason */
};
void host_signals_hold_pipe(struct held_pipe *held);
void host_signals_release_pipe(const struct held_pipe *held);
/* Stop as SIGTSTP would have it, until SIGCONT. */
void host_signals_suspend(void);
/* It is to end, and what is left to do could wait for others for ever: after so many seconds it ends all the same. */
void host_signals_hurry(unsigned seconds);

/* "SIGTERM" */
const char *host_signals_name(int number, char text[16]);

/* What a fault of our own gives back to standard input's terminal; NULL: nothing. Copied. */
void host_signals_terminal(const struct termios *settings);

#endif
