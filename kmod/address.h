/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses of this host that go and come.
 */
#ifndef SIPALG_ADDRESS_H
#define SIPALG_ADDRESS_H

/* Process context. Return: 0, or what failed. */
int sipalg_address_init(void);
/* When it returns, no work is left. */
void sipalg_address_exit(void);

#endif
