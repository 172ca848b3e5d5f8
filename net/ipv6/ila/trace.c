// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: trace points
 */
#define CREATE_TRACE_POINTS
#include <trace/events/ila.h>
