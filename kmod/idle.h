/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls whose media have fallen silent: they count as over where a rule says so.
 */
#ifndef SIPALG_IDLE_H
#define SIPALG_IDLE_H

struct sipalg_dialog;

/* The dialog was answered: its media are listened for from now on. */
void sipalg_idle_begin(struct sipalg_dialog *d);

/*
 * The call's timer has come: ends the dialog if it was silent for too long, or
 * sets the timer for the next look. With the call's lock.
 */
void sipalg_idle_look(struct sipalg_dialog *d);

#endif
