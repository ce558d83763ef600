import { signal } from '@preact/signals';

/** Whether somebody asked for what was folded under the picture that is opened next. */
export const wantsDuplicates = signal(false);
