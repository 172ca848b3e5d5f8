# SPDX-License-Identifier: GPL-2.0
"""Raw frames through an ILA router, and a model of what must come out."""
