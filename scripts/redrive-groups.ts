import { parseObjectMessage } from '../core/object-event.ts';
import type { QueueMessage } from '../core/queue.ts';
import { formatTable } from './text-table.ts';

/** Examples of one group that are shown. */
const shownExamples = 3;
const shownCharacters = 100;

/** A reason is a code and a sentence; messages whose function died have none. */
export const noReason = 'none';

export interface MessageGroup {
  /** The code of the reason; `none`: the queue itself gave up, as no function came to an end. */
  readonly code: string;
  count: number;
  /** Unix time in milliseconds. */
  oldestMs: number;
  newestMs: number;
  /** The first messages: why, and of what. */
  readonly examples: { readonly reason: string | null; readonly about: string }[];
}

/** Messages by the code of their reason; there are as many groups as codes, whatever is in the queue. */
export interface MessageGroups {
  add(message: QueueMessage): void;
  /** The largest first. */
  all(): readonly MessageGroup[];
}

const mostGroups = 50;

export function createMessageGroups(): MessageGroups {
  const groups = new Map<string, MessageGroup>();
  return {
    add(message) {
      const known = groups.has(codeOf(message)) || groups.size < mostGroups;
      const code = known ? codeOf(message) : 'other';
      const { sentAtMs } = message;
      const created = { code, count: 0, oldestMs: sentAtMs, newestMs: sentAtMs, examples: [] };
      const group: MessageGroup = groups.get(code) ?? created;
      groups.set(code, group);
      group.count += 1;
      group.oldestMs = Math.min(group.oldestMs, sentAtMs);
      group.newestMs = Math.max(group.newestMs, sentAtMs);
      if (group.examples.length < shownExamples) {
        group.examples.push({ reason: message.reason ?? null, about: aboutOf(message) });
      }
    },
    all: () => [...groups.values()].toSorted((a, b) => b.count - a.count),
  };
}

export function codeOf({ reason }: Pick<QueueMessage, 'reason'>): string {
  return reason === undefined ? noReason : (/^\w+/.exec(reason)?.[0] ?? noReason);
}

/** The keys that it names, or how it begins. */
function aboutOf({ body }: QueueMessage): string {
  const places = parseObjectMessage(body);
  if (!places.ok || places.value.length === 0) return printable(body);
  const [first, ...more] = places.value.map(({ bucket, key }) => `s3://${bucket}/${key}`);
  return `${printable(first ?? '')}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}

/** On one line, and without what a terminal would obey. */
function printable(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return clean.length > shownCharacters ? `${clean.slice(0, shownCharacters)}…` : clean;
}

export function describeGroups(groups: readonly MessageGroup[], nowMs: number): string {
  const rows = groups.map(({ code, count, oldestMs, newestMs }) => [
    code === noReason ? '(none)' : code,
    count.toLocaleString('en'),
    ageOf(nowMs - oldestMs),
    ageOf(nowMs - newestMs),
  ]);
  const examples = groups.flatMap(({ code, examples: some }) => [
    '',
    code === noReason ? 'No reason: the function that had them did not come to an end.' : code,
    ...some.flatMap(({ reason, about }) => [
      `  ${about}`,
      ...(reason === null ? [] : [`    ${printable(reason.slice(reason.indexOf(':') + 1))}`]),
    ]),
  ]);
  const head = ['reason', 'messages', 'oldest', 'newest'];
  return `${[formatTable(head, rows), ...examples].join('\n')}\n`;
}

/** As `3 d 4 h`, `2 h 5 min`, `7 min` or `12 s`. */
export function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
