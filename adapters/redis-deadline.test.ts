import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { afterDeadline } from './redis-deadline.ts';

it('calls back when the time is over, unless it is cancelled', async () => {
  const called: string[] = [];
  afterDeadline(10, () => called.push('kept'));
  const cancel = afterDeadline(10, () => called.push('cancelled'));
  cancel();
  await sleep(50);
  expect(called).toEqual(['kept']);
});

it('reads what arrived while the process was busy before it says that it is late', async () => {
  // The server is in this process: it answers, and then nobody reads for a while.
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.end('answer');
      for (const endsAt = performance.now() + 100; performance.now() < endsAt;);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port');
  const socket = connect(address.port, '127.0.0.1');
  await once(socket, 'connect');
  const happened: string[] = [];
  socket.once('data', () => happened.push('read'));
  afterDeadline(20, () => happened.push('late'));
  socket.write('question');
  await sleep(300);
  expect(happened).toEqual(['read', 'late']);
  server.close();
});
