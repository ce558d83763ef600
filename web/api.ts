import { keptKey } from './api-key.ts';
import { createClient } from './client.ts';

/** The server that this page came from. */
export const api = createClient({ baseUrl: new URL('/', location.href), apiKey: keptKey });
