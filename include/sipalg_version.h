/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The one place that holds the version: the module, the tool, DKMS and the
 * Makefile read it here.
 */
#ifndef SIPALG_VERSION_H
#define SIPALG_VERSION_H

#define SIPALG_VERSION	"0.1.0"

#endif
