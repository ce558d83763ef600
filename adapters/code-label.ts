import { failures } from '../core/failure.ts';

/** A code as a label: only those that exist, so that labels stay few whatever an answer says. */
export function codeLabel(code: string): string {
  return code === 'ok' || code === 'internal' || Object.hasOwn(failures, code) ? code : 'other';
}
