// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: arrays that grow
 */
#include <stdlib.h>

#include "ilactl.h"

/**
 * array_room() - have room for one more at the end of an array
 * @array: array, NULL at first
 * @n: elements that it has
 * @size: of an element
 *
 * Return: the array, for free(); NULL without memory, @array is as it was.
 */
void *array_room(void *array, size_t n, size_t size)
{
	/* a power of two of them fit */
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * size);
}
