import { expect, it } from 'vitest';
import { acceptsEvents } from './accepts-events.ts';

it.each([
  'text/event-stream',
  'Text/Event-Stream',
  'application/json, text/event-stream',
  'text/event-stream, application/json;q=0.9',
  'text/event-stream;q=0.5, */*',
  'text/event-stream;charset=utf-8;q=1.000',
  'text/event-stream;q=nonsense',
])('a caller gets events who names them: %s', (accept) => {
  expect(acceptsEvents(accept)).toBe(true);
});

it.each([
  undefined,
  '',
  '*/*',
  'text/*',
  'application/json',
  'application/json, text/event-stream;q=0.9',
  'text/event-stream;q=0',
  'text/event-stream; q=0.0, */*',
  'text/event-streams',
  'x-text/event-stream',
])('a caller gets JSON who does not: %s', (accept) => {
  expect(acceptsEvents(accept)).toBe(false);
});
