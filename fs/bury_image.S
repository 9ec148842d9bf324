/* SPDX-License-Identifier: Apache-2.0 */
/* The program of .bin/bury, for view_bin.c. BURY: where the build has put it. */
	.section .rodata
	.balign 64
	.globl bury_image
	.hidden bury_image
	.type bury_image, %object
bury_image:
	.incbin BURY
	.globl bury_image_end
	.hidden bury_image_end
	.type bury_image_end, %object
bury_image_end:
	.byte 0
	.size bury_image, bury_image_end - bury_image

	.section .note.GNU-stack, "", %progbits
